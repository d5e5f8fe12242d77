#include <string.h>

#include "qt_integer_gemm.h"

// Short runs of bytes, as the taps of a first layer are, without a call.
static inline void copy_bytes(uint8_t *restrict out, const uint8_t *restrict in, size_t count) {
    if (count >= 128) {
        memcpy(out, in, count);
    } else if (count >= 16) {
        for (size_t i = 0; i + 16 < count; i += 16) memcpy(out + i, in + i, 16);
        memcpy(out + count - 16, in + count - 16, 16);
    } else if (count >= 8) {
        memcpy(out, in, 8);
        memcpy(out + count - 8, in + count - 8, 8);
    } else if (count >= 4) {
        memcpy(out, in, 4);
        memcpy(out + count - 4, in + count - 4, 4);
    } else {
        for (size_t i = 0; i < count; i++) out[i] = in[i];
    }
}

// The taps of a window's row that starts at column `x`, side by side in memory.
static inline uint8_t *gather_run(const qt_integer_windows *w, const uint8_t *row, ptrdiff_t x, uint8_t *out) {
    const ptrdiff_t taps = (ptrdiff_t)w->kernel_width, width = (ptrdiff_t)w->width;
    const size_t channels = w->channels;
    if (x >= 0 && x + taps <= width) {
        copy_bytes(out, row + (size_t)x * channels, (size_t)taps * channels);
        return out + (size_t)taps * channels;
    }
    ptrdiff_t begin = x < 0 ? (-x < taps ? -x : taps) : 0;
    ptrdiff_t end = x + taps > width ? width - x : taps;
    if (end < begin) end = begin;
    size_t before = (size_t)begin * channels, inside = (size_t)(end - begin) * channels;
    size_t after = (size_t)(taps - end) * channels;
    memset(out, w->padding, before);
    copy_bytes(out + before, row + (size_t)(x + begin) * channels, inside);
    memset(out + before + inside, w->padding, after);
    return out + before + inside + after;
}

static inline uint8_t *gather_taps(const qt_integer_windows *w, const uint8_t *row, ptrdiff_t x, uint8_t *out) {
    if (w->dilation_width == 1 && w->pixel_stride == w->channels) return gather_run(w, row, x, out);
    for (size_t tap = 0; tap < w->kernel_width; tap++, out += w->channels) {
        ptrdiff_t column = x + (ptrdiff_t)(tap * w->dilation_width);
        if (column >= 0 && column < (ptrdiff_t)w->width)
            copy_bytes(out, row + (size_t)column * w->pixel_stride, w->channels);
        else
            memset(out, w->padding, w->channels);
    }
    return out;
}

void qt_integer_gather(const qt_integer_windows *windows, size_t begin, size_t end, uint8_t *out, size_t out_stride) {
    const qt_integer_windows copy = *windows, *w = &copy;
    const size_t plane = w->output_height * w->output_width;
    const size_t row_bytes = w->width * w->pixel_stride, taps_bytes = w->kernel_width * w->channels;
    size_t image = begin / plane, oy = begin % plane / w->output_width, ox = begin % w->output_width;
    for (size_t index = begin; index < end; index++, out += out_stride) {
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
        for (; to < out + out_stride; to++) *to = 0;
        if (++ox < w->output_width) continue;
        ox = 0;
        if (++oy < w->output_height) continue;
        oy = 0;
        image++;
    }
}
