#include "integer_gemm_image.h"

#include <string.h>

// Windows that lie `FAR_BYTES` apart in the image share few sets of the nearest cache: they are better copied.
enum { COPY_BYTES = 262144, FAR_BYTES = 2048 };

// Rows and pixels of an image that all windows together see, its padding included.
static size_t seen_rows(const qt_integer_windows *w, size_t output_rows) {
    return (output_rows - 1) * w->stride_height + (w->kernel_height - 1) * w->dilation_height + 1;
}
static size_t seen_pixels(const qt_integer_windows *w) {
    return (w->output_width - 1) * w->stride_width + w->kernel_width;
}

static int reads_past_borders(const qt_integer_windows *w) {
    return w->pad_top != 0 || w->pad_left != 0 || seen_rows(w, w->output_height) > w->height ||
        seen_pixels(w) > w->width;
}

static size_t run_bytes(const qt_integer_windows *w) { return w->kernel_width * w->channels; }

// Rows of the output whose windows fill the copy; a multiple of the tile's rows are in them.
static size_t group_output_rows(const qt_integer_product *p) {
    const qt_integer_windows *w = p->windows;
    const size_t rows = COPY_BYTES / (w->stride_height * seen_pixels(w) * w->channels);
    if (rows >= w->output_height) return round_up(w->output_height, 2);
    return rows < 2 ? 2 : rows / 2 * 2;
}

// Rows of the output that the windows of a group lie in: those that start within one end in one more.
static size_t most_output_rows(const qt_integer_product *p) {
    const size_t rows = group_output_rows(p) + 1, all = p->windows->output_height;
    return rows < all ? rows : all;
}

static int is_small(const qt_integer_product *p) {
    const qt_integer_windows *w = p->windows;
    // What windows are far apart in, or wide, leaves no room for a group of them.
    if (w->stride_height > COPY_BYTES || seen_pixels(w) > COPY_BYTES || w->channels > COPY_BYTES) return 0;
    const size_t rows = seen_rows(w, most_output_rows(p));
    return rows <= COPY_BYTES && rows * seen_pixels(w) * w->channels <= 4 * (size_t)COPY_BYTES &&
        rows * w->output_width <= COPY_BYTES;
}

int qt_integer_reads_image(const qt_integer_product *p) {
    const qt_integer_windows *w = p->windows;
    return w && p->flip == 0 && p->kernel->element_bytes == 1 && p->kernel->tile_rows % QT_INTEGER_ROW_GROUP == 0 &&
        w->output_width % QT_INTEGER_ROW_GROUP == 0 && run_bytes(w) % 4 == 0 && w->dilation_width == 1 &&
        w->pixel_stride == w->channels && (w->stride_width == 1 || w->stride_width * w->channels < FAR_BYTES) &&
        is_small(p);
}

size_t qt_integer_image_group(const qt_integer_product *p) {
    return round_up(group_output_rows(p) * p->windows->output_width, (size_t)p->kernel->tile_rows);
}

qt_integer_image_layout qt_integer_image_layout_of(const qt_integer_product *p) {
    const qt_integer_windows *w = p->windows;
    const size_t rows = seen_rows(w, most_output_rows(p));
    qt_integer_image_layout at = {0};
    at.offsets = reads_past_borders(w) ? round_up(rows * seen_pixels(w) * w->channels, 64) : 0;
    at.run_sums = at.offsets + round_up(qt_integer_image_group(p) * sizeof(size_t), 64);
    at.total = at.run_sums + (qt_integer_needs_sums(p) ? round_up(rows * w->output_width * sizeof(int32_t), 64) : 0);
    return at;
}

size_t qt_integer_image_rows(const qt_integer_product *p, size_t begin, size_t end) {
    const size_t each = p->windows->output_height * p->windows->output_width, rest = each - begin % each;
    return end - begin < rest ? end - begin : rest;
}

// `rows` rows of `image` from `first` on, which may lie outside of it, with the padding round them.
static void copy_padded_rows(
    const qt_integer_windows *w, const uint8_t *image, ptrdiff_t first, size_t rows, uint8_t *out) {
    const size_t pixels = seen_pixels(w), before = (size_t)w->pad_left;
    size_t inside = pixels > before ? pixels - before : 0;
    if (inside > w->width) inside = w->width;
    const size_t after = pixels > before + inside ? pixels - before - inside : 0, bytes = pixels * w->channels;
    for (size_t row = 0; row < rows; row++, out += bytes) {
        const ptrdiff_t y = first + (ptrdiff_t)row;
        if (y < 0 || y >= (ptrdiff_t)w->height || inside == 0) {
            memset(out, w->padding, bytes);
            continue;
        }
        const size_t edge = (before < pixels ? before : pixels) * w->channels;
        memset(out, w->padding, edge);
        memcpy(out + edge, image + (size_t)y * w->width * w->channels, inside * w->channels);
        memset(out + edge + inside * w->channels, w->padding, after * w->channels);
    }
}

static void add_runs(const int32_t *run_sums, const qt_integer_windows *w, size_t first, size_t count, int32_t *sums) {
    size_t y = 0, x = first;
    for (size_t i = 0; i < count; i++) {
        uint32_t sum = 0;
        for (size_t tap = 0; tap < w->kernel_height; tap++)
            sum += (uint32_t)run_sums[(y * w->stride_height + tap * w->dilation_height) * w->output_width + x];
        sums[i] = (int32_t)sum;
        if (++x == w->output_width) x = 0, y++;
    }
}

void qt_integer_image_place(
    const qt_integer_product *p, size_t begin, qt_integer_block *block, uint8_t *scratch, int32_t factor,
    int32_t *sums) {
    const qt_integer_windows *w = p->windows;
    const qt_integer_image_layout at = qt_integer_image_layout_of(p);
    const size_t each = w->output_height * w->output_width, image_bytes = w->height * w->width * w->channels;
    const uint8_t *image = w->input + begin / each * image_bytes;
    const size_t top = begin % each / w->output_width, left = begin % each % w->output_width;
    const size_t output_rows = (left + block->rows + w->output_width - 1) / w->output_width;
    const size_t rows = seen_rows(w, output_rows);
    size_t row_bytes = w->width * w->channels;
    const uint8_t *a = image + top * w->stride_height * row_bytes;
    if (reads_past_borders(w)) {
        row_bytes = seen_pixels(w) * w->channels;
        copy_padded_rows(w, image, (ptrdiff_t)(top * w->stride_height) - w->pad_top, rows, scratch);
        a = scratch;
    }
    size_t *offsets = (size_t *)(scratch + at.offsets);
    for (size_t i = 0; i < block->rows; i++) {
        const size_t y = (left + i) / w->output_width, x = (left + i) % w->output_width;
        offsets[i] = y * w->stride_height * row_bytes + x * w->stride_width * w->channels;
    }
    block->a = a;
    block->a_stride = w->stride_width * w->channels;
    block->a_offsets = offsets;
    block->run_depth = run_bytes(w);
    block->run_gap = w->dilation_height * row_bytes - run_bytes(w);
    if (!sums) return;
    int32_t *run_sums = (int32_t *)(scratch + at.run_sums);
    for (size_t row = 0; row < rows; row++)
        p->kernel->sum_rows(
            a + row * row_bytes, block->a_stride, w->output_width, run_bytes(w), factor,
            run_sums + row * w->output_width);
    add_runs(run_sums, w, left, block->rows, sums);
}
