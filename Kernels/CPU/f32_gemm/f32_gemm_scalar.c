#include "qt_f32_gemm.h"

#include <assert.h>

enum { ROWS = 4, WIDTH = 8 };

void qt_f32_gemm_4x8__scalar(const qt_f32_gemm_tile *tile) {
    assert(tile->rows >= 1 && tile->rows <= ROWS && tile->columns >= 1);
    assert(tile->columns <= tile->width && tile->width <= WIDTH);
    for (size_t row = 0; row < tile->rows; row++) {
        float sums[WIDTH];
        const float *panel = tile->panel;
        for (size_t j = 0; j < tile->width; j++) sums[j] = panel[j];
        panel += tile->width;
        for (size_t tap = 0; tap < tile->taps; tap++) {
            const float *a = tile->a[tap * tile->rows + row];
            for (size_t d = 0; d < tile->depth; d++, panel += tile->width) {
                for (size_t j = 0; j < tile->width; j++) sums[j] += a[d] * panel[j];
            }
        }
        for (size_t j = 0; j < tile->columns; j++) {
            float value = sums[j];
            if (tile->residual != NULL) value += tile->residual[row * tile->residual_stride + j];
            value = value < tile->lower ? tile->lower : value;
            tile->c[row * tile->c_stride + j] = value > tile->upper ? tile->upper : value;
        }
    }
}
