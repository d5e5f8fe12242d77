// Depthwise convolution over NHWC bytes: one window of one channel gives one sum. Weights enter with their zero
// points already subtracted, so that offset[c] = bias[c] - za * sum(weights of c).
#pragma once

#include "qt_integer_gemm.h"

typedef struct qt_integer_depthwise_kernel qt_integer_depthwise_kernel;

// How kernels take a row of the image, interleaved once for all output rows that it takes part in, in quads of four
// neighbouring pixels: `phases` output pixels side by side lie over the same `quads`, and `step` pixels over from the
// next ones. All 0 where a kernel works pixel by pixel.
typedef struct {
    int32_t phases, quads, step;
} qt_integer_strip;

// A row or a tap of the window, and which term of its weights is taken with it.
typedef struct {
    uint32_t index, term;
} qt_integer_pass;

// Term `term` of a weight that s8 may not hold: each term is the part that s8 holds of what those before it leave over.
static inline int8_t qt_integer_term(int32_t weight, uint64_t term) {
    for (;; term--) {
        int32_t part = weight < INT8_MIN ? INT8_MIN : weight > INT8_MAX ? INT8_MAX : weight;
        if (term == 0) return (int8_t)part;
        weight -= part;
    }
}

typedef struct {
    const qt_integer_depthwise_kernel *kernel;
    qt_integer_strip strip;
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
    int32_t weight_bytes;  // 1: weights are taken in terms of s8
    size_t (*packed_bytes)(size_t channels, size_t taps);
    // `weights` is [taps of the window][channels].
    void (*pack)(
        const int16_t *weights, size_t channels, const qt_integer_pass *taps, size_t tap_count, void *packed);
    // Per-channel words in the order in which the kernel's sums lie; `out` takes `channels` rounded up to 64.
    void (*arrange)(const uint32_t *values, size_t channels, uint32_t *out);
    // All channels of one output pixel. `taps` point at the input pixels under the window.
    void (*pixel)(const qt_integer_depthwise *job, const uint8_t *const *taps, size_t tap_count, void *out);
    // For strips; NULL in kernels that have none. Channels are taken in blocks: this is the width of the one that
    // serves so many.
    size_t (*block_width)(size_t channels);
    // A row of the image as quads, 4 block widths of bytes each, from pixel `x` on; `count` channels.
    void (*gather)(
        const qt_integer_windows *windows, const uint8_t *row, const uint8_t *padding, uint8_t flip, ptrdiff_t x,
        size_t quads, size_t step, size_t count, uint8_t *out);
    // An output row of `count` channels from `channel` on; a line of quads for each pass over the window.
    void (*strip)(
        const qt_integer_depthwise *job, const uint8_t *const *lines, size_t line_count, const uint8_t *weights,
        size_t channel, size_t count, uint8_t *out);
};

// The window that weights belong to.
typedef struct {
    size_t height, width, stride_width, dilation_height, dilation_width;
} qt_integer_depthwise_window;

// The strip by which `kernel` does such windows.
qt_integer_strip qt_integer_strip_of(
    const qt_integer_depthwise_kernel *kernel, const qt_integer_depthwise_window *window);
// Packed weights for `qt_integer_strip_of` the same window, from [taps][channels].
size_t qt_integer_depthwise_packed_bytes(
    const qt_integer_depthwise_kernel *kernel, const qt_integer_depthwise_window *window, const int16_t *weights,
    size_t channels);
void qt_integer_depthwise_pack(
    const qt_integer_depthwise_kernel *kernel, const qt_integer_depthwise_window *window, const int16_t *weights,
    size_t channels, void *packed);

// Row `index` of the table, best first, the scalar reference last; NULL past the end.
const qt_integer_depthwise_kernel *qt_integer_depthwise_row(size_t index);

// Weights [taps][channels] less zero points, from [channels][taps] bytes that are s8 or u8. `zero_points` per channel.
void qt_integer_depthwise_weights(
    const uint8_t *weights, int is_unsigned, const int32_t *zero_points, size_t channels, size_t taps, int16_t *out);

// Bytes of scratch memory that a call of `qt_integer_depthwise_run` needs.
size_t qt_integer_depthwise_scratch(const qt_integer_depthwise *job);
// Output rows `begin..<end`, counted through all images; `scratch` lies on a multiple of 64.
void qt_integer_depthwise_run(const qt_integer_depthwise *job, size_t begin, size_t end, void *scratch);
