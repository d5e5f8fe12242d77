#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "qt_integer_gemm.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

// Images of 7, 14, 28, 56 and 112 pixels a side leave no row over.
#define TILE_ROWS 14
#define REST_ROWS 7
#define ELEMENT_BYTES 1
#include "integer_gemm_x86_512.h"

static inline words dot(words sums, words x, words weights) {
    return _mm512_dpbusd_epi32(sums, x, weights);
}

#include "integer_gemm_tile.h"

#pragma clang attribute pop

const qt_integer_gemm_kernel qt_u8s8_gemm_14x32__avx512vnni = {
    .name = "qt_u8s8_gemm_14x32__avx512vnni",
    .isa = QT_ISA_AVX512 | QT_ISA_AVX512VNNI,
    .tile_rows = TILE_ROWS,
    .tile_columns = TILE_COLUMNS,
    .narrow_columns = LANES,
    .unit = 4,
    .element_bytes = ELEMENT_BYTES,
    .run = run,
    .sum_rows = sum_rows,
};

#endif
