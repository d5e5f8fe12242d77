#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "qt_integer_gemm.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#define TILE_ROWS 12
#define REST_ROWS 8
#define ELEMENT_BYTES 2
#include "integer_gemm_x86_512.h"

static inline words dot(words sums, words x, words weights) {
    return _mm512_add_epi32(sums, _mm512_madd_epi16(x, weights));
}

#include "integer_gemm_tile.h"

#pragma clang attribute pop

const qt_integer_gemm_kernel qt_u8s8_gemm_12x32__avx512 = {
    .name = "qt_u8s8_gemm_12x32__avx512",
    .isa = QT_ISA_AVX512,
    .tile_rows = TILE_ROWS,
    .tile_columns = TILE_COLUMNS,
    .narrow_columns = LANES,
    .unit = 2,
    .element_bytes = ELEMENT_BYTES,
    .run = run,
    .sum_rows = sum_rows,
};

#endif
