#include "qt_integer_strip.h"

void qt_integer_depthwise_weights(
    const uint8_t *weights, int is_unsigned, const int32_t *zero_points, size_t channels, size_t taps, int16_t *out) {
    for (size_t channel = 0; channel < channels; channel++)
        for (size_t tap = 0; tap < taps; tap++) {
            uint8_t byte = weights[channel * taps + tap];
            int32_t value = is_unsigned ? (int32_t)byte : (int32_t)(int8_t)byte;
            out[tap * channels + channel] = (int16_t)(value - zero_points[channel]);
        }
}

int qt_integer_depthwise_fits_s8(const int16_t *weights, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (weights[i] < -128 || weights[i] > 127) return 0;
    return 1;
}

static size_t padded_taps(const qt_integer_depthwise *job) {
    size_t unit = (size_t)job->kernel->tap_unit;
    size_t taps = job->windows->kernel_height * job->windows->kernel_width;
    return (taps + unit - 1) / unit * unit;
}

size_t qt_integer_depthwise_scratch(const qt_integer_depthwise *job) {
    if (job->strip.phases) return qt_integer_strip_scratch(job);
    return padded_taps(job) * sizeof(const uint8_t *);
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
    const qt_integer_depthwise *job, const uint8_t *image, ptrdiff_t y, const uint8_t **taps, size_t tap_count,
    uint8_t *out) {
    const qt_integer_windows *w = job->windows;
    const size_t count = w->kernel_height * w->kernel_width, step = w->stride_width * w->pixel_stride;
    const ptrdiff_t span = (ptrdiff_t)((w->kernel_width - 1) * w->dilation_width);
    const int rows_inside =
        y >= 0 && y + (ptrdiff_t)((w->kernel_height - 1) * w->dilation_height) < (ptrdiff_t)w->height;
    int moves = 0;
    for (size_t ox = 0; ox < w->output_width; ox++, out += job->output_stride) {
        ptrdiff_t x = (ptrdiff_t)(ox * w->stride_width) - w->pad_left;
        int inside = rows_inside && x >= 0 && x + span < (ptrdiff_t)w->width;
        if (inside && moves)
            for (size_t tap = 0; tap < count; tap++) taps[tap] += step;
        else
            find_taps(w, image, job->padding_row, y, x, taps);
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
    const uint8_t **taps = scratch;
    const size_t padded = padded_taps(job);
    for (size_t i = w->kernel_height * w->kernel_width; i < padded; i++) taps[i] = job->padding_row;
    uint8_t *out = (uint8_t *)job->output + begin * w->output_width * job->output_stride;
    for (size_t row = begin; row < end; row++, out += w->output_width * job->output_stride) {
        const uint8_t *image = w->input + row / w->output_height * w->height * w->width * w->pixel_stride;
        run_row(
            job, image, (ptrdiff_t)(row % w->output_height * w->stride_height) - w->pad_top, taps, padded, out);
    }
}
