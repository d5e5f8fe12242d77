// The product of packed operands, tile by tile. The including file gives the vectors (`words` and its functions),
// TILE_ROWS, ELEMENT_BYTES and `dot`, which adds to each lane of the sums the products of the
// four bytes (or two words of 16 bits) in that lane.

enum { VECTORS = 2, TILE_COLUMNS = VECTORS * LANES };

#include "integer_gemm_finish.h"

// Rows of `a` are reached from every third one, which spares address registers.
__attribute__((always_inline)) static inline void tile(
    const qt_integer_block *g, size_t row, size_t column, const uint8_t *b, const int rows, const int vectors) {
    words sums[TILE_ROWS][VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        words start = load_words(g->offsets + column + v * LANES);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) sums[i][v] = start;
    }
    if (g->epilogue.addend.values) {
        const uint8_t *addend = g->epilogue.addend.values + row * g->c_stride + column;
        for (int i = 0; i < rows; i++) __builtin_prefetch(addend + (size_t)i * g->c_stride);
    }
    const size_t stride = g->a_stride;
    const uint8_t *a[(TILE_ROWS + 2) / 3];
    for (int i = 0; i < (rows + 2) / 3; i++) a[i] = (const uint8_t *)g->a + (row + 3 * (size_t)i) * stride;
    const size_t steps = g->depth * ELEMENT_BYTES / 4;
    for (size_t step = 0; step < steps; step++) {
        words weights[VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) weights[v] = load_words(b + v * LANES * 4);
        b += vectors * LANES * 4;
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            words x = repeat_word(a[i / 3] + (size_t)(i % 3) * stride + step * 4);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[i][v] = dot(sums[i][v], x, weights[v]);
        }
    }
    if (g->row_sums)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            words zero_points = load_words(g->weight_zero_points + column + (size_t)v * LANES);
#pragma clang loop unroll(full)
            for (int i = 0; i < rows; i++)
                sums[i][v] = weighted(sums[i][v], g->row_sums[row + (size_t)i], zero_points);
        }
    finish(g, sums, row, column, rows, vectors);
}

__attribute__((always_inline)) static inline void panel(
    const qt_integer_block *g, size_t column, const uint8_t *b, const int vectors) {
    size_t row = 0;
    for (; row + TILE_ROWS <= g->rows; row += TILE_ROWS) tile(g, row, column, b, TILE_ROWS, vectors);
    size_t rest = g->rows - row;
#if TILE_ROWS > 8
    if (rest & 8) tile(g, row, column, b, 8, vectors), row += 8;
#endif
    if (rest & 4) tile(g, row, column, b, 4, vectors), row += 4;
    if (rest & 2) tile(g, row, column, b, 2, vectors), row += 2;
    if (rest & 1) tile(g, row, column, b, 1, vectors);
}

static void run(const qt_integer_block *g) {
    assert(g->depth % 4 == 0);
    const uint8_t *b = g->b;
    size_t column = 0;
    for (; column + LANES < g->columns; column += TILE_COLUMNS, b += TILE_COLUMNS * g->depth * ELEMENT_BYTES)
        panel(g, column, b, VECTORS);
    if (column < g->columns) panel(g, column, b, 1);
}
