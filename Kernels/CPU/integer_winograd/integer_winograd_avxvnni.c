#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "qt_integer_winograd.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)

#define MOST_ROWS 6
enum { TILE_ROWS = QT_INTEGER_WINOGRAD_TILE, VECTORS = 2, SHORT_LANES = 16 };
#include "../integer_gemm/integer_gemm_x86_256.h"

// See integer_winograd_avx512vnni.c.
static inline words dot(words sums, words x, words weights) {
    __asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sums) : "x"(x), "x"(weights));
    return sums;
}

#include "../integer_gemm/integer_gemm_finish.h"
#include "integer_winograd_squares.inc"
#include "integer_winograd_floats.inc"
#include "integer_winograd_weights.inc"
#include "integer_winograd_tile.inc"

#pragma clang attribute pop

// What panels look like that `multiply_cells` reads.
static const qt_integer_gemm_kernel product = {
    .name = "qt_s16s16_gemm_6x16__avxvnni",
    .isa = QT_ISA_AVX2 | QT_ISA_AVXVNNI,
    .tile_rows = MOST_ROWS,
    .tile_columns = VECTORS * LANES,
    .narrow_columns = LANES,
    .unit = 2,
    .element_bytes = sizeof(int16_t),
};

const qt_integer_winograd_kernel qt_integer_winograd_4x8__avxvnni = {
    .name = "qt_integer_winograd_4x8__avxvnni",
    .isa = QT_ISA_AVX2 | QT_ISA_AVXVNNI,
    .least_channels = 32,
    .most_windows = 192 * 192,
    .most_late_windows = 256 * 256,
    .product = &product,
    .input = transform_input,
    .output = transform_output_by_kind,
    .late_name = "qt_integer_winograd_late_4x8__avxvnni",
    .weights = transform_weights,
    .multiply = multiply_cells,
};

#endif
