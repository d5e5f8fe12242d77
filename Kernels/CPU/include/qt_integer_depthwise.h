// Depthwise convolution over NHWC bytes: one window of one channel gives one sum. Weights enter with their zero
// points already subtracted, so that offset[c] = bias[c] - za * sum(weights of c).
#pragma once

#include "qt_integer_gemm.h"

typedef struct qt_integer_depthwise_kernel qt_integer_depthwise_kernel;

typedef struct {
    const qt_integer_depthwise_kernel *kernel;
    const qt_integer_windows *windows;
    const uint8_t *padding_row;  // `channels` bytes of the windows' padding
    uint8_t flip;                // 0x80 for s8 activations, else 0
    const void *packed;
    const int32_t *offsets;      // arranged, as are the epilogue's arrays
    qt_epilogue epilogue;
    void *output;
    size_t output_stride;  // bytes from pixel to pixel
} qt_integer_depthwise;

struct qt_integer_depthwise_kernel {
    const char *name;
    uint32_t isa;
    int32_t block_channels;
    int32_t tap_unit;      // taps are taken in groups of so many, filled up with weights of 0
    int32_t weight_bytes;  // 1: all weights less zero point must fit in s8
    size_t (*packed_bytes)(size_t channels, size_t taps);
    // `weights` is [taps][channels].
    void (*pack)(const int16_t *weights, size_t channels, size_t taps, void *packed);
    // Per-channel words in the order in which the kernel's sums lie; `out` takes `channels` rounded up to 64.
    void (*arrange)(const uint32_t *values, size_t channels, uint32_t *out);
    // All channels of one output pixel. `taps` point at the input pixels under the window.
    void (*pixel)(const qt_integer_depthwise *job, const uint8_t *const *taps, size_t tap_count, void *out);
};

// Row `index` of the table, best first, the scalar reference last; NULL past the end.
const qt_integer_depthwise_kernel *qt_integer_depthwise_row(size_t index);

// Weights [taps][channels] less zero points, from [channels][taps] bytes that are s8 or u8. `zero_points` per channel.
void qt_integer_depthwise_weights(
    const uint8_t *weights, int is_unsigned, const int32_t *zero_points, size_t channels, size_t taps, int16_t *out);
// Whether all of them fit in s8.
int qt_integer_depthwise_fits_s8(const int16_t *weights, size_t count);

// Bytes of scratch memory that a call of `qt_integer_depthwise_run` needs.
size_t qt_integer_depthwise_scratch(const qt_integer_depthwise *job);
// Output rows `begin..<end`, counted through all images.
void qt_integer_depthwise_run(const qt_integer_depthwise *job, size_t begin, size_t end, void *scratch);
