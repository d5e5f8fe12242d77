#include <assert.h>
#include <math.h>
#include <string.h>

#include "integer_gemm_image.h"
#include "qt_integer_gemm.h"

size_t qt_epilogue_output_bytes(int32_t kind) {
    return kind == QT_EPILOGUE_REQUANTIZE_U8 || kind == QT_EPILOGUE_REQUANTIZE_S8 ? 1 : 4;
}

void qt_epilogue_range_begin(float *range) {
    for (size_t i = 0; i < QT_EPILOGUE_RANGE; i++) {
        range[i] = INFINITY;
        range[QT_EPILOGUE_RANGE + i] = -INFINITY;
    }
}

void qt_epilogue_range_end(const float *range, float ends[2]) {
    for (size_t i = 0; i < QT_EPILOGUE_RANGE; i++) {
        if (range[i] < ends[0]) ends[0] = range[i];
        if (range[QT_EPILOGUE_RANGE + i] > ends[1]) ends[1] = range[QT_EPILOGUE_RANGE + i];
    }
}

// At most so many rows are taken together: their activations stay in the second-level cache while all panels of weights
// pass by.
static size_t group_rows(const qt_integer_product *p) {
    if (qt_integer_reads_image(p)) return qt_integer_image_group(p);
    size_t tile = (size_t)p->kernel->tile_rows;
    size_t row_bytes = round_up(p->depth ? p->depth : 1, 4) * (size_t)p->kernel->element_bytes;
    size_t rows = (size_t)262144 / row_bytes / tile * tile;
    if (rows < tile) rows = tile;
    return rows > 40 * tile ? 40 * tile : rows;
}

static int reads_in_place(const qt_integer_product *p) {
    return p->rows && p->flip == 0 && p->depth % 4 == 0 && p->kernel->element_bytes == 1;
}

int qt_integer_product_copies_little(const qt_integer_product *p) {
    return reads_in_place(p) || qt_integer_reads_image(p);
}

// Scratch: the image, or the rows as bytes, then as the kernel's elements where these are wider, then the rows' sums.
typedef struct {
    size_t bytes, elements, sums, total;
} scratch_layout;

static scratch_layout layout_of(const qt_integer_product *p) {
    size_t depth = round_up(p->depth, 4), rows = group_rows(p);
    scratch_layout at = {0};
    if (qt_integer_reads_image(p))
        at.elements = qt_integer_image_layout_of(p).total;
    else if (!reads_in_place(p))
        at.elements = round_up(rows * depth + 32, 64);
    at.sums = at.elements + (p->kernel->element_bytes == 2 ? round_up(rows * depth * 2, 64) : 0);
    at.total = at.sums + (qt_integer_needs_sums(p) ? round_up(rows * 4, 64) : 0);
    return at;
}

size_t qt_integer_product_scratch(const qt_integer_product *p) { return layout_of(p).total; }

static void flip_bytes(const uint8_t *in, uint8_t *out, size_t count, const uint8_t flip) {
    for (size_t i = 0; i < count; i++) out[i] = in[i] ^ flip;
}

static void widen_bytes(const uint8_t *restrict in, int16_t *restrict out, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = in[i];
}

static void copy_rows(const qt_integer_product *p, size_t begin, size_t end, uint8_t *out, size_t depth) {
    if (p->windows) {
        qt_integer_gather(p->windows, begin, end, p->kernel->isa, out, depth);
        if (p->flip) flip_bytes(out, out, (end - begin) * depth, p->flip);
        return;
    }
    const uint8_t *in = p->rows + begin * p->row_stride;
    if (p->depth == depth && p->row_stride == depth) {
        flip_bytes(in, out, (end - begin) * depth, p->flip);
        return;
    }
    for (size_t row = begin; row < end; row++, in += p->row_stride, out += depth) {
        // Whole vectors, where what they reach past the row is in rows that follow; these overwrite it in `out`.
        if (p->flip == 0 && p->depth > 16 && row + 1 < end) {
            for (size_t k = 0; k < p->depth; k += 16) memcpy(out + k, in + k, 16);
        } else {
            flip_bytes(in, out, p->depth, p->flip);
        }
        memset(out + p->depth, 0, depth - p->depth);
    }
}

// Makes rows from `row` on, of as many as `block` has or, of images, fewer, its left operand.
static void place_rows(const qt_integer_product *p, size_t row, qt_integer_block *block, uint8_t *scratch) {
    const qt_integer_gemm_kernel *kernel = p->kernel;
    const scratch_layout at = layout_of(p);
    const int32_t factor = p->weight_zero_points ? 1 : p->weight_zero_point;
    int32_t *sums = qt_integer_needs_sums(p) ? (int32_t *)(scratch + at.sums) : NULL;
    block->row_sums = sums;
    if (qt_integer_reads_image(p)) {
        block->rows = qt_integer_image_rows(p, row, row + block->rows);
        qt_integer_image_place(p, row, block, scratch, factor, sums);
        return;
    }
    const uint8_t *a = p->rows + row * p->row_stride;
    size_t a_stride = p->row_stride;
    if (!reads_in_place(p)) {
        copy_rows(p, row, row + block->rows, scratch, block->depth);
        a = scratch;
        a_stride = block->depth;
    }
    if (sums) kernel->sum_rows(a, a_stride, block->rows, p->depth, factor, sums);
    block->a = a;
    block->a_stride = a_stride;
    if (kernel->element_bytes == 1) return;
    int16_t *words = (int16_t *)(scratch + at.elements);
    widen_bytes(a, words, block->rows * block->depth);
    block->a = words;
    block->a_stride = block->depth * sizeof *words;
}

void qt_integer_product_run(
    const qt_integer_product *p, size_t row_begin, size_t row_end, size_t column_begin, size_t column_end,
    void *scratch) {
    const qt_integer_gemm_kernel *kernel = p->kernel;
    assert(column_begin % (size_t)kernel->tile_columns == 0);
    size_t depth = round_up(p->depth, 4), element = (size_t)kernel->element_bytes;
    // Groups are as equal as whole tiles allow: a small one at the end would read all weights for little.
    size_t most = group_rows(p), groups = (row_end - row_begin + most - 1) / most;
    size_t group = groups ? round_up((row_end - row_begin + groups - 1) / groups, (size_t)kernel->tile_rows) : most;
    size_t output_element = qt_epilogue_output_bytes(p->epilogue.kind);

    qt_integer_block block = {
        .columns = column_end - column_begin,
        .depth = depth,
        .run_depth = depth,
        .b = (const uint8_t *)p->packed + column_begin * depth * element,
        .offsets = p->offsets + column_begin,
        .weight_zero_points = p->weight_zero_points ? p->weight_zero_points + column_begin : NULL,
        .epilogue = p->epilogue,
        .c_stride = p->output_stride,
    };
    if (block.epilogue.scales) block.epilogue.scales += column_begin;
    if (block.epilogue.biases) block.epilogue.biases += column_begin;

    for (size_t row = row_begin; row < row_end; row += block.rows) {
        block.rows = row_end - row < group ? row_end - row : group;
        place_rows(p, row, &block, scratch);
        block.c = (uint8_t *)p->output + row * p->output_stride + column_begin * output_element;
        if (p->epilogue.addend.values)
            block.epilogue.addend.values =
                (const uint8_t *)p->epilogue.addend.values + row * p->output_stride + column_begin * output_element;
        kernel->run(&block);
    }
}
