// Depthwise convolutions row by row, on interleaved lines of the image.
#pragma once

#include "qt_integer_depthwise.h"

size_t qt_integer_strip_scratch(const qt_integer_depthwise *job);
void qt_integer_strip_run(const qt_integer_depthwise *job, size_t begin, size_t end, uint8_t *scratch);
