// The reference that every other kernel equals bit for bit.
#include <assert.h>

#include "qt_integer_gemm.h"
#include "qt_integer_scalar.h"

enum { COLUMNS = 8 };

static void run(const qt_integer_block *g) {
    assert(!g->a_offsets && g->run_depth == g->depth);
    const int8_t *b = g->b;
    for (size_t first = 0; first < g->columns; first += COLUMNS, b += COLUMNS * g->depth) {
        size_t width = g->columns - first < COLUMNS ? g->columns - first : COLUMNS;
        for (size_t row = 0; row < g->rows; row++) {
            const uint8_t *addend = g->epilogue.addend.values;
            if (addend) addend += row * g->c_stride;
            uint8_t *out = (uint8_t *)g->c + row * g->c_stride;
            const uint8_t *a = (const uint8_t *)g->a + row * g->a_stride;
            uint32_t sums[COLUMNS] = {0};
            for (size_t k = 0; k < g->depth; k += 4)
                for (size_t j = 0; j < COLUMNS; j++)
                    for (size_t u = 0; u < 4; u++)
                        sums[j] += (uint32_t)((int32_t)a[k + u] * (int32_t)b[k * COLUMNS + j * 4 + u]);
            for (size_t j = 0; j < width; j++) {
                size_t column = first + j;
                uint32_t sum = sums[j] + (uint32_t)g->offsets[column];
                if (g->row_sums)
                    sum -= (uint32_t)g->row_sums[row] *
                           (g->weight_zero_points ? (uint32_t)g->weight_zero_points[column] : 1);
                qt_epilogue_store(&g->epilogue, (int32_t)sum, column, addend, out, column);
            }
        }
    }
}

static void sum_rows(
    const uint8_t *rows, size_t stride, size_t count, size_t depth, int32_t factor, int32_t *sums) {
    for (size_t row = 0; row < count; row++, rows += stride) {
        uint32_t sum = 0;
        for (size_t k = 0; k < depth; k++) sum += rows[k];
        sums[row] = (int32_t)(sum * (uint32_t)factor);
    }
}

const qt_integer_gemm_kernel qt_u8s8_gemm_1x8__scalar = {
    .name = "qt_u8s8_gemm_1x8__scalar",
    .isa = QT_ISA_SCALAR,
    .tile_rows = 1,
    .tile_columns = COLUMNS,
    .narrow_columns = COLUMNS,
    .unit = 4,
    .element_bytes = 1,
    .run = run,
    .sum_rows = sum_rows,
};
