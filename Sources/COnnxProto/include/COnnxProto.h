// The messages of the ONNX standard, as protobuf-c reads and writes them.
#pragma once
#include "onnx.pb-c.h"
