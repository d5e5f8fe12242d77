#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "qt_integer_gemm.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

// One row less than fits with VNNI: `dot` needs a register for its product.
#define TILE_ROWS 5
#define ELEMENT_BYTES 2
#include "integer_gemm_x86_256.h"

static inline words dot(words sums, words x, words weights) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(x, weights));
}

#include "integer_gemm_tile.h"

#pragma clang attribute pop

const qt_integer_gemm_kernel qt_u8s8_gemm_5x16__avx2 = {
    .name = "qt_u8s8_gemm_5x16__avx2",
    .isa = QT_ISA_AVX2,
    .tile_rows = TILE_ROWS,
    .tile_columns = TILE_COLUMNS,
    .narrow_columns = LANES,
    .unit = 2,
    .element_bytes = ELEMENT_BYTES,
    .run = run,
    .sum_rows = sum_rows,
};

#endif
