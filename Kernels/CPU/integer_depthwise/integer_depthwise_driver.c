#include "qt_integer_passes.h"
#include "qt_integer_strip.h"

// Taps as kernels take them: those that come again, and those that fill up the last group.
static size_t padded_taps(const qt_integer_depthwise *job) {
    size_t unit = (size_t)job->kernel->tap_unit;
    return (((const qt_integer_passes *)job->packed)->count + unit - 1) / unit * unit;
}

size_t qt_integer_depthwise_scratch(const qt_integer_depthwise *job) {
    if (job->strip.phases) return qt_integer_strip_scratch(job);
    return (padded_taps(job) + job->windows->kernel_height * job->windows->kernel_width) * sizeof(const uint8_t *);
}

// The input pixels under the window whose first tap is at (y, x).
static void find_taps(
    const qt_integer_windows *w, const uint8_t *image, const uint8_t *padding, ptrdiff_t y, ptrdiff_t x,
    const uint8_t **taps) {
    for (size_t ky = 0; ky < w->kernel_height; ky++, y += (ptrdiff_t)w->dilation_height) {
        const uint8_t *row = image + (size_t)y * w->width * w->pixel_stride;
        int inside = y >= 0 && y < (ptrdiff_t)w->height;
        ptrdiff_t column = x;
        for (size_t kx = 0; kx < w->kernel_width; kx++, column += (ptrdiff_t)w->dilation_width)
            *taps++ = inside && column >= 0 && column < (ptrdiff_t)w->width
                          ? row + (size_t)column * w->pixel_stride
                          : padding;
    }
}

// All pixels of an output row. Between the borders the taps of a pixel are those of its neighbour, moved on.
static void run_row(
    const qt_integer_depthwise *job, const qt_integer_passes *passes, const uint8_t *image, ptrdiff_t y,
    const uint8_t **taps, size_t tap_count, uint8_t *out) {
    const qt_integer_windows *w = job->windows;
    const size_t step = w->stride_width * w->pixel_stride;
    const uint8_t **window = taps + tap_count;
    const ptrdiff_t span = (ptrdiff_t)((w->kernel_width - 1) * w->dilation_width);
    const int rows_inside =
        y >= 0 && y + (ptrdiff_t)((w->kernel_height - 1) * w->dilation_height) < (ptrdiff_t)w->height;
    int moves = 0;
    for (size_t ox = 0; ox < w->output_width; ox++, out += job->output_stride) {
        ptrdiff_t x = (ptrdiff_t)(ox * w->stride_width) - w->pad_left;
        int inside = rows_inside && x >= 0 && x + span < (ptrdiff_t)w->width;
        if (inside && moves) {
            for (size_t i = 0; i < passes->count; i++) taps[i] += step;
        } else {
            find_taps(w, image, job->padding_row, y, x, window);
            for (size_t i = 0; i < passes->count; i++) taps[i] = window[passes->passes[i].index];
        }
        moves = inside;
        job->kernel->pixel(job, taps, tap_count, out);
    }
}

void qt_integer_depthwise_run(const qt_integer_depthwise *job, size_t begin, size_t end, void *scratch) {
    if (job->strip.phases) {
        qt_integer_strip_run(job, begin, end, scratch);
        return;
    }
    const qt_integer_windows *w = job->windows;
    const qt_integer_passes *passes = job->packed;
    const uint8_t **taps = scratch;
    const size_t padded = padded_taps(job);
    for (size_t i = passes->count; i < padded; i++) taps[i] = job->padding_row;
    qt_integer_depthwise pixels = *job;
    pixels.packed = qt_integer_passes_end(passes);
    uint8_t *out = (uint8_t *)job->output + begin * w->output_width * job->output_stride;
    for (size_t row = begin; row < end; row++, out += w->output_width * job->output_stride) {
        const uint8_t *image = w->input + row / w->output_height * w->height * w->width * w->pixel_stride;
        ptrdiff_t y = (ptrdiff_t)(row % w->output_height * w->stride_height) - w->pad_top;
        run_row(&pixels, passes, image, y, taps, padded, out);
    }
}
