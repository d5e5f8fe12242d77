#include "qt_integer_strip.h"

#include <string.h>

#include "qt_integer_passes.h"

// A weight of 9 bits is a sum of at most three of s8.
enum { QUAD = 4, WIDEST = 64, MOST_ROWS = 16, MOST_PASSES = 3 * MOST_ROWS };

qt_integer_strip qt_integer_strip_of(
    const qt_integer_depthwise_kernel *kernel, const qt_integer_depthwise_window *window) {
    qt_integer_strip strip = {0};
    const size_t quads = (window->width + QUAD - 1) / QUAD;
    if (!kernel->strip || quads > 2 || window->height > MOST_ROWS) return strip;
    if (window->dilation_height != 1 || window->dilation_width != 1) return strip;
    // As many pixels as lie over the same quads, so that quads follow one another in steps of 2 or 4 pixels.
    for (size_t step = QUAD; step >= 2; step -= 2) {
        size_t phases = step / window->stride_width;
        if (step % window->stride_width != 0) continue;
        if ((phases - 1) * window->stride_width + window->width > quads * QUAD) continue;
        if (quads == 1 && phases > 2) continue;
        return (qt_integer_strip){(int32_t)phases, (int32_t)quads, (int32_t)step};
    }
    return strip;
}

// The weight of each byte of the lane of `channel`: those of a window that starts `place` pixels into the quads.
static void pack_lane(
    const qt_integer_depthwise_window *window, const int16_t *weights, size_t channels, size_t channel,
    qt_integer_pass pass, size_t quad, size_t place, int8_t *out) {
    for (size_t pixel = 0; pixel < QUAD; pixel++) {
        size_t at = quad * QUAD + pixel;
        int inside = channel < channels && at >= place && at - place < window->width;
        size_t tap = pass.index * window->width + at - place;
        out[pixel] = inside ? qt_integer_term(weights[tap * channels + channel], pass.term) : 0;
    }
}

static void pack_pass(
    qt_integer_strip strip, const qt_integer_depthwise_window *window, const int16_t *weights, size_t channels,
    size_t first, size_t width, qt_integer_pass pass, int8_t *out) {
    for (size_t quad = 0; quad < (size_t)strip.quads; quad++)
        for (size_t phase = 0; phase < (size_t)strip.phases; phase++)
            // Vector j and its lanes hold the channels that interleaving leaves there.
            for (size_t j = 0; j < 4; j++)
                for (size_t lane = 0; lane < width / 4; lane++, out += QUAD)
                    pack_lane(
                        window, weights, channels, first + lane / 4 * 16 + j * 4 + lane % 4, pass, quad,
                        phase * window->stride_width, out);
}

// Bytes of one pass over a block of `width` channels.
static size_t pass_bytes(qt_integer_strip strip, size_t width) {
    return width * (size_t)(strip.quads * strip.phases) * QUAD;
}

size_t qt_integer_strip_pack(
    const qt_integer_depthwise_kernel *kernel, const qt_integer_depthwise_window *window, const int16_t *weights,
    size_t channels, void *packed) {
    const qt_integer_strip strip = qt_integer_strip_of(kernel, window);
    size_t bytes = 0;
    for (size_t first = 0, width; first < channels; first += width) {
        width = kernel->block_width(channels - first);
        size_t count = channels - first < width ? channels - first : width;
        qt_integer_passes *header = packed ? (qt_integer_passes *)((uint8_t *)packed + bytes) : NULL;
        size_t passes = qt_integer_passes_of(
            kernel, weights, channels, first, count, window->height, window->width, header ? header->passes : NULL);
        bytes += qt_integer_passes_bytes(passes);
        if (header) header->count = passes;
        for (size_t i = 0; i < passes; i++, bytes += pass_bytes(strip, width))
            if (header)
                pack_pass(
                    strip, window, weights, channels, first, width, header->passes[i], (int8_t *)packed + bytes);
    }
    return bytes;
}

static size_t line_quads(const qt_integer_depthwise *job) {
    size_t phases = (size_t)job->strip.phases;
    size_t groups = (job->windows->output_width + phases - 1) / phases;
    return groups + (size_t)((job->strip.quads - 1) * QUAD / job->strip.step);
}

static size_t line_bytes(const qt_integer_depthwise *job) { return line_quads(job) * QUAD * WIDEST; }

size_t qt_integer_strip_scratch(const qt_integer_depthwise *job) {
    return (job->windows->kernel_height + 1) * line_bytes(job);
}

// Output rows `begin..<end` of one image, `count` channels from `channel` on. Lines of rows that follow one another lie
// in a ring; the last line of `scratch` is of padding.
static void run_block(
    const qt_integer_depthwise *job, const uint8_t *image, size_t begin, size_t end, const qt_integer_passes *packed,
    size_t channel, size_t count, uint8_t *out, uint8_t *scratch) {
    const qt_integer_windows *w = job->windows;
    const size_t rows = w->kernel_height, bytes = line_bytes(job), quads = line_quads(job);
    const uint8_t *lines[MOST_ROWS], *passes[MOST_PASSES], *outside = scratch + rows * bytes;
    ptrdiff_t next = 0;
    for (size_t oy = begin; oy < end; oy++, out += w->output_width * job->output_stride) {
        const ptrdiff_t top = (ptrdiff_t)(oy * w->stride_height) - w->pad_top;
        for (size_t row = 0; row < rows; row++) {
            const ptrdiff_t y = top + (ptrdiff_t)row;
            if (y < 0 || y >= (ptrdiff_t)w->height) {
                lines[row] = outside;
                continue;
            }
            uint8_t *line = scratch + (size_t)y % rows * bytes;
            if (y >= next) {
                job->kernel->gather(
                    w, image + (size_t)y * w->width * w->pixel_stride + channel, job->padding_row + channel, job->flip,
                    -w->pad_left, quads, (size_t)job->strip.step, count, line);
                next = y + 1;
            }
            lines[row] = line;
        }
        for (size_t i = 0; i < packed->count; i++) passes[i] = lines[packed->passes[i].index];
        job->kernel->strip(job, passes, packed->count, qt_integer_passes_end(packed), channel, count, out);
    }
}

void qt_integer_strip_run(const qt_integer_depthwise *job, size_t begin, size_t end, uint8_t *scratch) {
    const qt_integer_windows *w = job->windows;
    const size_t channels = w->channels;
    memset(scratch + w->kernel_height * line_bytes(job), w->padding ^ job->flip, line_bytes(job));
    while (begin < end) {
        size_t image = begin / w->output_height, first = begin % w->output_height;
        size_t count = end - begin < w->output_height - first ? end - begin : w->output_height - first;
        const uint8_t *input = w->input + image * w->height * w->width * w->pixel_stride;
        uint8_t *out = (uint8_t *)job->output + begin * w->output_width * job->output_stride;
        const uint8_t *weights = job->packed;
        for (size_t channel = 0, width; channel < channels; channel += width) {
            size_t rest = channels - channel;
            width = job->kernel->block_width(rest);
            const qt_integer_passes *passes = (const qt_integer_passes *)weights;
            run_block(job, input, first, first + count, passes, channel, rest < width ? rest : width, out, scratch);
            weights = qt_integer_passes_end(passes) + passes->count * pass_bytes(job->strip, width);
        }
        begin += count;
    }
}
