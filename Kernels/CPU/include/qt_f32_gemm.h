// float32 matrix products and convolutions: tiles of rows gathered through pointers, times packed columns.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Columns of the right-hand side are packed in panels. A panel of `width` columns is `width` biases, then for each
// step of the reduction `width` weights; unused columns hold 0. `width` is a multiple of the kernel's lanes.
//
// c[r][j] = clamp(bias[j] + sum over taps t and depth d of a[t * rows + r][d] * weight[t * depth + d][j]
//                 + residual[r][j]), j < columns, each sum taken in the order of t and d.
// No memory outside of the named rows and columns is read or written. NaN passes through the clamp.
typedef struct {
    size_t rows;              // 1 ... the kernel's rows
    size_t columns;           // 1 ... width
    size_t width;             // lanes ... lanes * the kernel's vectors
    size_t taps;
    size_t depth;             // consecutive floats behind each pointer in `a`
    const float *const *a;    // taps * rows pointers
    const float *panel;
    const float *ahead;       // weights of a later tile that are brought into the cache meanwhile; NULL for none
    size_t ahead_step;        // floats of them for each step of the reduction: one cache line or two
    float *c;
    size_t c_stride;          // floats from one row to the next
    const float *residual;    // NULL for none
    size_t residual_stride;
    float lower, upper;       // -INFINITY, INFINITY for no clamp
} qt_f32_gemm_tile;

typedef struct {
    const char *name;
    uint32_t isa;
    uint32_t rows;      // most rows of a tile
    uint32_t lanes;     // floats in a register
    uint32_t vectors;   // most registers across a panel
    void (*run)(const qt_f32_gemm_tile *tile);
} qt_f32_gemm_row;

const qt_f32_gemm_row *qt_f32_gemm_table(size_t *count);

void qt_f32_gemm_8x48__avx512(const qt_f32_gemm_tile *tile);
void qt_f32_gemm_6x16__avx2(const qt_f32_gemm_tile *tile);
void qt_f32_gemm_4x8__scalar(const qt_f32_gemm_tile *tile);
