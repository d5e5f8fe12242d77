// How packed weights of depthwise convolutions go over their window.
//
// Kernels of s8 weights take what does not fit in s8, as u8 weights less their zero point may not, as a sum of weights
// that do: the rows or taps of the window where there are such weights come again, with what is left of each weight.
#pragma once

#include "qt_integer_depthwise.h"

// Packed weights begin with the passes in which a kernel takes them, `count` of them.
typedef struct {
    uint64_t count;
    qt_integer_pass passes[];
} qt_integer_passes;

// Bytes of such a header: whole cache lines.
static inline size_t qt_integer_passes_bytes(size_t count) {
    return (sizeof(qt_integer_passes) + count * sizeof(qt_integer_pass) + 63) / 64 * 64;
}

static inline const uint8_t *qt_integer_passes_end(const qt_integer_passes *passes) {
    return (const uint8_t *)passes + qt_integer_passes_bytes(passes->count);
}

// Passes over `groups` of `taps` neighbours, for `count` channels from `first` on, each group's in a row; the return
// value is their number. `passes` may be NULL.
size_t qt_integer_passes_of(
    const qt_integer_depthwise_kernel *kernel, const int16_t *weights, size_t channels, size_t first, size_t count,
    size_t groups, size_t taps, qt_integer_pass *passes);
