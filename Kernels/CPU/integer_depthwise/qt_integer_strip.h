// Depthwise convolutions row by row, on interleaved lines of the image.
#pragma once

#include "qt_integer_depthwise.h"

// Packs weights, [taps][channels], for the strip of their window; the return value is the bytes they take. `packed` may
// be NULL.
size_t qt_integer_strip_pack(
    const qt_integer_depthwise_kernel *kernel, const qt_integer_depthwise_window *window, const int16_t *weights,
    size_t channels, void *packed);
size_t qt_integer_strip_scratch(const qt_integer_depthwise *job);
void qt_integer_strip_run(const qt_integer_depthwise *job, size_t begin, size_t end, uint8_t *scratch);
