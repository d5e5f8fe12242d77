#include <string.h>

#include "qt_integer_gemm.h"

// Bytes of a run that are written as one, whatever they are: more than there are, the excess being overwritten by what
// comes next.
enum { SHORT_RUN = 32 };

static inline uint8_t *fill_run(uint8_t byte, size_t run, uint8_t *out) {
    if (run <= SHORT_RUN)
        memset(out, byte, SHORT_RUN);
    else
        memset(out, byte, run);
    return out + run;
}

// The taps of a window's row that starts at column `x`, side by side in memory.
static inline uint8_t *gather_run(const qt_integer_windows *w, const uint8_t *row, ptrdiff_t x, uint8_t *out) {
    const ptrdiff_t taps = (ptrdiff_t)w->kernel_width, width = (ptrdiff_t)w->width;
    const size_t channels = w->channels, run = (size_t)taps * channels;
    ptrdiff_t begin = x < 0 ? (-x < taps ? -x : taps) : 0;
    ptrdiff_t end = x + taps > width ? width - x : taps;
    if (end <= begin) return fill_run(w->padding, run, out);
    const uint8_t *from = row + (size_t)(x + begin) * channels;
    size_t before = (size_t)begin * channels, inside = (size_t)(end - begin) * channels;
    if (before) fill_run(w->padding, before, out);
    if (inside <= SHORT_RUN && from + SHORT_RUN <= w->input + w->input_bytes)
        memcpy(out + before, from, SHORT_RUN);
    else
        memcpy(out + before, from, inside);
    if (before + inside < run) fill_run(w->padding, run - before - inside, out + before + inside);
    return out + run;
}

static inline uint8_t *gather_taps(const qt_integer_windows *w, const uint8_t *row, ptrdiff_t x, uint8_t *out) {
    if (w->dilation_width == 1 && w->pixel_stride == w->channels) return gather_run(w, row, x, out);
    for (size_t tap = 0; tap < w->kernel_width; tap++, out += w->channels) {
        ptrdiff_t column = x + (ptrdiff_t)(tap * w->dilation_width);
        if (column >= 0 && column < (ptrdiff_t)w->width)
            memcpy(out, row + (size_t)column * w->pixel_stride, w->channels);
        else
            memset(out, w->padding, w->channels);
    }
    return out;
}

// One window anywhere, borders included.
static void gather_window(
    const qt_integer_windows *w, const uint8_t *image, ptrdiff_t y, ptrdiff_t x, uint8_t *out, size_t out_stride) {
    const size_t row_bytes = w->width * w->pixel_stride, taps_bytes = w->kernel_width * w->channels;
    uint8_t *to = out;
    for (size_t tap = 0; tap < w->kernel_height; tap++, y += (ptrdiff_t)w->dilation_height) {
        if (y >= 0 && y < (ptrdiff_t)w->height) {
            to = gather_taps(w, image + (size_t)y * row_bytes, x, to);
        } else {
            to = fill_run(w->padding, taps_bytes, to);
        }
    }
    memset(to, 0, (size_t)(out + out_stride - to));
}

// `count` windows, `step` bytes apart, none of which reaches past the sides of the image. Each has `rows` runs of `run`
// bytes that lie `row_step` apart, with `above` runs of padding before them and `below` behind. Runs are copied in whole
// vectors; what is written past their end is overwritten by what comes next.
typedef struct {
    const uint8_t *in;
    size_t count, step, above, rows, below, row_step, run;
    uint8_t padding;
} inside_windows;

__attribute__((always_inline)) static inline void gather_inside(
    const inside_windows *w, const size_t rows, const size_t run, const size_t vector, uint8_t *out,
    size_t out_stride) {
    // The bytes written could be those of `w`, for all the compiler knows.
    const inside_windows v = *w;
    const uint8_t *in = v.in;
    for (size_t index = 0; index < v.count; index++, in += v.step, out += out_stride) {
        uint8_t *to = out;
        const uint8_t *from = in;
        for (size_t row = 0; row < v.above; row++) to = fill_run(v.padding, run, to);
        for (size_t row = 0; row < rows; row++, from += v.row_step, to += run)
            for (size_t i = 0; i < run; i += vector) memcpy(to + i, from + i, vector);
        for (size_t row = 0; row < v.below; row++) to = fill_run(v.padding, run, to);
        memset(to, 0, 4);
    }
}

static void gather_by_16(const inside_windows *w, uint8_t *out, size_t out_stride) {
    // The run of 3x3 windows over three channels.
    if (w->run == 9 && w->rows == 3)
        gather_inside(w, 3, 9, 16, out, out_stride);
    else
        gather_inside(w, w->rows, w->run, 16, out, out_stride);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void gather_by_32(const inside_windows *w, uint8_t *out, size_t out_stride) {
    // The run of 7x7 windows over three channels.
    if (w->run == 21 && w->rows == 7)
        gather_inside(w, 7, 21, 32, out, out_stride);
    else
        gather_inside(w, w->rows, w->run, 32, out, out_stride);
}
#endif

// Makes `inside` the windows from (y, x) on, at most `count`, that `gather_inside` may take: in one output row, inside
// the image but for its upper and its lower border, and whole vectors readable. Gives their number.
static size_t windows_inside(
    const qt_integer_windows *w, const uint8_t *image, ptrdiff_t y, ptrdiff_t x, size_t count, size_t vector,
    inside_windows *inside) {
    const ptrdiff_t width = (ptrdiff_t)w->width, height = (ptrdiff_t)w->height, taps = (ptrdiff_t)w->kernel_width;
    const ptrdiff_t dilation = (ptrdiff_t)w->dilation_height, rows = (ptrdiff_t)w->kernel_height;
    if (w->dilation_width != 1 || w->pixel_stride != w->channels || x < 0 || x + taps > width) return 0;
    const ptrdiff_t above = y < 0 ? (dilation - 1 - y) / dilation : 0;
    const ptrdiff_t end = y < height ? (height - 1 - y) / dilation + 1 : 0;
    const ptrdiff_t seen = (end < rows ? end : rows) - above;
    if (seen <= 0) return 0;
    size_t fitting = (size_t)(width - taps - x) / w->stride_width + 1;
    if (fitting < count) count = fitting;
    const uint8_t *first = image + ((size_t)(y + above * dilation) * w->width + (size_t)x) * w->channels;
    const uint8_t *last = first + (size_t)(seen - 1) * inside->row_step, *limit = w->input + w->input_bytes;
    size_t reach = (inside->run + vector - 1) & ~(vector - 1);
    while (count > 0 && last + (count - 1) * inside->step + reach > limit) count--;
    inside->in = first;
    inside->count = count;
    inside->above = (size_t)above;
    inside->rows = (size_t)seen;
    inside->below = (size_t)(rows - above - seen);
    return count;
}

void qt_integer_gather(
    const qt_integer_windows *w, size_t begin, size_t end, uint32_t isa, uint8_t *out, size_t out_stride) {
    const size_t row_bytes = w->width * w->pixel_stride;
    inside_windows inside = {
        .step = w->stride_width * w->channels,
        .row_step = w->dilation_height * row_bytes,
        .run = w->kernel_width * w->channels,
        .padding = w->padding,
    };
    void (*gather)(const inside_windows *, uint8_t *, size_t) = gather_by_16;
    size_t vector = 16;
#if defined(__x86_64__)
    if ((isa & (QT_ISA_AVX2 | QT_ISA_AVX512)) && inside.run > 16) {
        gather = gather_by_32;
        vector = 32;
    }
#endif
    size_t row = begin / w->output_width, ox = begin % w->output_width;
    for (size_t index = begin; index < end;) {
        const uint8_t *image = w->input + row / w->output_height * w->height * row_bytes;
        ptrdiff_t y = (ptrdiff_t)(row % w->output_height * w->stride_height) - w->pad_top;
        ptrdiff_t x = (ptrdiff_t)(ox * w->stride_width) - w->pad_left;
        size_t rest = w->output_width - ox < end - index ? w->output_width - ox : end - index;
        size_t count = windows_inside(w, image, y, x, rest, vector, &inside);
        if (count > 0) {
            gather(&inside, out, out_stride);
        } else {
            gather_window(w, image, y, x, out, out_stride);
            count = 1;
        }
        index += count;
        out += count * out_stride;
        ox += count;
        if (ox == w->output_width) {
            ox = 0;
            row++;
        }
    }
}
