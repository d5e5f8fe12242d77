// The C face of the CPU kernels. Swift sees it through QTuneKernels only.
#pragma once

#include "qt_isa.h"
