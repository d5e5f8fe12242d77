#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "qt_integer_winograd.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)

#define TILE_ROWS 6
#define ELEMENT_BYTES 2
enum { SHORT_LANES = 16 };
#include "../integer_gemm/integer_gemm_x86_256.h"

// See integer_winograd_avx512vnni.c.
static inline words dot(words sums, words x, words weights) {
    __asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sums) : "x"(x), "x"(weights));
    return sums;
}

#include "../integer_gemm/integer_gemm_tile.h"
#include "integer_winograd_squares.inc"

#pragma clang attribute pop

static const qt_integer_gemm_kernel product = {
    .name = "qt_s16s16_gemm_6x16__avxvnni",
    .isa = QT_ISA_AVX2 | QT_ISA_AVXVNNI,
    .tile_rows = TILE_ROWS,
    .tile_columns = TILE_COLUMNS,
    .narrow_columns = LANES,
    .unit = 2,
    .element_bytes = ELEMENT_BYTES,
    .run = run,
    .sum_rows = sum_rows,
};

const qt_integer_winograd_kernel qt_integer_winograd_4x8__avxvnni = {
    .name = "qt_integer_winograd_4x8__avxvnni",
    .isa = QT_ISA_AVX2 | QT_ISA_AVXVNNI,
    .least_channels = 32,
    .most_windows = 192 * 192,
    .product = &product,
    .input = transform_input,
    .output = transform_output,
};

#endif
