// The reference, in vectors of any instruction set.
#include <assert.h>
#include <string.h>

#include "../integer_gemm/qt_integer_scalar.h"
#include "qt_integer_winograd.h"

enum { LANES = 4, VECTORS = 2, TILE_COLUMNS = VECTORS * LANES, SHORT_LANES = 8 };
typedef int32_t words __attribute__((vector_size(4 * LANES)));

static void finish(
    const qt_integer_block *g, words sums[QT_INTEGER_WINOGRAD_TILE][VECTORS], size_t row, size_t column, int rows,
    int vectors) {
    const uint8_t *addend = g->epilogue.addend.values;
    for (size_t i = row; i < row + (size_t)rows; i++) {
        for (size_t j = 0; j < (size_t)(vectors * LANES) && column + j < g->columns; j++) {
            qt_epilogue_store(
                &g->epilogue, sums[i][j / LANES][j % LANES], column + j, addend ? addend + i * g->c_stride : NULL,
                (uint8_t *)g->c + i * g->c_stride, column + j);
        }
    }
}

#include "integer_winograd_squares.inc"

static void multiply(const qt_integer_block *g) {
    const int16_t *b = g->b;
    for (size_t first = 0; first < g->columns; first += TILE_COLUMNS, b += TILE_COLUMNS * g->depth) {
        for (size_t row = 0; row < g->rows; row++) {
            const int16_t *a = (const int16_t *)((const uint8_t *)g->a + row * g->a_stride);
            uint32_t sums[TILE_COLUMNS] = {0};
            for (size_t k = 0; k < g->depth; k += 2)
                for (size_t j = 0; j < TILE_COLUMNS; j++) {
                    const int16_t *pair = b + k * TILE_COLUMNS + 2 * j;
                    sums[j] += (uint32_t)(a[k] * pair[0]) + (uint32_t)(a[k + 1] * pair[1]);
                }
            size_t width = g->columns - first < TILE_COLUMNS ? g->columns - first : TILE_COLUMNS;
            memcpy((uint8_t *)g->c + row * g->c_stride + first * 4, sums, width * 4);
        }
    }
}

static const qt_integer_gemm_kernel product = {
    .name = "qt_s16s16_gemm_1x8__scalar",
    .isa = QT_ISA_SCALAR,
    .tile_rows = 1,
    .tile_columns = TILE_COLUMNS,
    .narrow_columns = TILE_COLUMNS,
    .unit = 2,
    .element_bytes = 2,
    .run = multiply,
};

const qt_integer_winograd_kernel qt_integer_winograd_4x4__scalar = {
    .name = "qt_integer_winograd_4x4__scalar",
    .isa = QT_ISA_SCALAR,
    .least_channels = 16,
    .most_windows = 256 * 256,
    .product = &product,
    .input = transform_input,
    .output = transform_output,
};
