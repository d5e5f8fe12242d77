#include <string.h>

#include "qt_integer_gemm.h"

// One row of a window's taps. Taps that lie side by side in memory are copied in one go.
static uint8_t *gather_taps(const qt_integer_windows *w, const uint8_t *row, ptrdiff_t x, uint8_t *out) {
    size_t channels = w->channels;
    if (w->dilation_width == 1 && w->pixel_stride == channels) {
        ptrdiff_t begin = x < 0 ? -x : 0;
        ptrdiff_t end = (ptrdiff_t)w->kernel_width;
        if (x + end > (ptrdiff_t)w->width) end = (ptrdiff_t)w->width - x;
        if (begin > (ptrdiff_t)w->kernel_width) begin = (ptrdiff_t)w->kernel_width;
        if (end < begin) end = begin;
        size_t before = (size_t)begin * channels, inside = (size_t)(end - begin) * channels;
        size_t after = ((size_t)w->kernel_width - (size_t)end) * channels;
        if (before) memset(out, w->padding, before);
        if (inside) memcpy(out + before, row + (size_t)(x + begin) * channels, inside);
        if (after) memset(out + before + inside, w->padding, after);
        return out + before + inside + after;
    }
    for (size_t tap = 0; tap < w->kernel_width; tap++, out += channels) {
        ptrdiff_t column = x + (ptrdiff_t)(tap * w->dilation_width);
        if (column >= 0 && column < (ptrdiff_t)w->width)
            memcpy(out, row + (size_t)column * w->pixel_stride, channels);
        else
            memset(out, w->padding, channels);
    }
    return out;
}

void qt_integer_gather(const qt_integer_windows *w, size_t begin, size_t end, uint8_t *out, size_t out_stride) {
    size_t plane = w->output_height * w->output_width;
    size_t row_bytes = w->width * w->pixel_stride, taps_bytes = w->kernel_width * w->channels;
    for (size_t index = begin; index < end; index++, out += out_stride) {
        size_t image = index / plane, pixel = index % plane;
        size_t oy = pixel / w->output_width, ox = pixel % w->output_width;
        const uint8_t *base = w->input + image * w->height * row_bytes;
        ptrdiff_t y = (ptrdiff_t)(oy * w->stride_height) - w->pad_top;
        ptrdiff_t x = (ptrdiff_t)(ox * w->stride_width) - w->pad_left;
        uint8_t *to = out;
        for (size_t tap = 0; tap < w->kernel_height; tap++, y += (ptrdiff_t)w->dilation_height) {
            if (y >= 0 && y < (ptrdiff_t)w->height) {
                to = gather_taps(w, base + (size_t)y * row_bytes, x, to);
            } else {
                memset(to, w->padding, taps_bytes);
                to += taps_bytes;
            }
        }
        if (to < out + out_stride) memset(to, 0, (size_t)(out + out_stride - to));
    }
}
