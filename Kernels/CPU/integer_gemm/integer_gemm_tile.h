// The product of packed operands, tile by tile. The including file gives the vectors (`words` and its functions),
// TILE_ROWS, ELEMENT_BYTES, for high tiles REST_ROWS, the rows of a lower one (7 or 8), and `dot`, which adds to each
// lane of the sums the products of the four bytes (or two words of 16 bits) in that lane.

enum { VECTORS = 2, TILE_COLUMNS = VECTORS * LANES };

#include "integer_gemm_finish.h"

// Weights to have at hand for the next panel: `stride` bytes further with each step of every tile of this one.
typedef struct {
    const uint8_t *next;
    size_t stride;
} lookahead;

static inline void prefetch_addend(const qt_integer_block *g, size_t row, size_t column, const int rows) {
    const int is_float = g->epilogue.kind == QT_EPILOGUE_DEQUANTIZE;
    const uint8_t *addend = g->epilogue.addend.values;
    addend += row * g->c_stride + column * (is_float ? sizeof(float) : 1);
    for (int i = 0; i < rows; i++, addend += g->c_stride) {
        __builtin_prefetch(addend);
        if (is_float) __builtin_prefetch(addend + 64);
    }
}

// Rows of `a` are reached from every third one, which spares address registers.
__attribute__((always_inline)) static inline void tile(
    const qt_integer_block *g, size_t row, size_t column, const uint8_t *b, lookahead *ahead, const int rows,
    const int vectors) {
    words sums[TILE_ROWS][VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        words start = load_words(g->offsets + column + v * LANES);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) sums[i][v] = start;
    }
    if (g->row_sums && !g->weight_zero_points)
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            words less = repeat_word(g->row_sums + row + (size_t)i);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[i][v] = subtract(sums[i][v], less);
        }
    if (g->epilogue.addend.values) prefetch_addend(g, row, column, rows);
    const size_t stride = g->a_stride;
    const uint8_t *a[(TILE_ROWS + 2) / 3];
    for (int i = 0; i < (rows + 2) / 3; i++) a[i] = (const uint8_t *)g->a + (row + 3 * (size_t)i) * stride;
    const size_t steps = g->depth * ELEMENT_BYTES / 4;
    for (size_t step = 0; step < steps; step++) {
        words weights[VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) weights[v] = load_words(b + v * LANES * 4);
        b += vectors * LANES * 4;
        __builtin_prefetch(ahead->next, 0, 2);
        ahead->next += ahead->stride;
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            words x = repeat_word(a[i / 3] + (size_t)(i % 3) * stride + step * 4);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[i][v] = dot(sums[i][v], x, weights[v]);
        }
    }
    if (g->row_sums && g->weight_zero_points)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            words zero_points = load_words(g->weight_zero_points + column + (size_t)v * LANES);
#pragma clang loop unroll(full)
            for (int i = 0; i < rows; i++)
                sums[i][v] = weighted(sums[i][v], g->row_sums[row + (size_t)i], zero_points);
        }
    finish(g, sums, row, column, rows, vectors);
}

// `b` is the panel of `column`, and a panel of as many bytes follows it where `has_next`.
__attribute__((always_inline)) static inline void panel(
    const qt_integer_block *g, size_t column, const uint8_t *b, int has_next, const int vectors) {
    const size_t tiles = (g->rows + TILE_ROWS - 1) / TILE_ROWS, step = (size_t)vectors * LANES * 4;
    // A cache line a step at most: more would hold up the loads of this panel.
    const size_t share = (step + tiles - 1) / tiles, stride = share < 64 ? share : 64;
    lookahead ahead = {b, 0};
    if (has_next) ahead = (lookahead){b + g->depth * ELEMENT_BYTES / 4 * step, stride};
    size_t row = 0;
    for (; row + TILE_ROWS <= g->rows; row += TILE_ROWS) tile(g, row, column, b, &ahead, TILE_ROWS, vectors);
    size_t rest = g->rows - row;
#ifdef REST_ROWS
    if (rest >= REST_ROWS) tile(g, row, column, b, &ahead, REST_ROWS, vectors), row += REST_ROWS, rest -= REST_ROWS;
#endif
    if (rest & 4) tile(g, row, column, b, &ahead, 4, vectors), row += 4;
    if (rest & 2) tile(g, row, column, b, &ahead, 2, vectors), row += 2;
    if (rest & 1) tile(g, row, column, b, &ahead, 1, vectors);
}

static void sum_rows(
    const uint8_t *rows, size_t stride, size_t count, size_t depth, int32_t factor, int32_t *sums) {
    const int32_t less = (int32_t)(0u - (uint32_t)factor);
    size_t row = 0;
    for (; row + LANES <= count; row += LANES, rows += LANES * stride) {
        words each = sum_each_row(rows, stride, depth);
        store_words(sums + row, weighted(repeat_word_of(0), less, each), LANES);
    }
    for (; row < count; row++, rows += stride) sums[row] = (int32_t)(sum_bytes(rows, depth) * (uint32_t)factor);
}

static void run(const qt_integer_block *g) {
    assert(g->depth % 4 == 0);
    const uint8_t *b = g->b;
    size_t column = 0;
    for (; column + LANES < g->columns; column += TILE_COLUMNS, b += TILE_COLUMNS * g->depth * ELEMENT_BYTES)
        panel(g, column, b, g->is_followed || column + TILE_COLUMNS < g->columns, VECTORS);
    if (column < g->columns) panel(g, column, b, g->is_followed, 1);
}
