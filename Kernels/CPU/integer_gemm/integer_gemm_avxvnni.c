#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "qt_integer_gemm.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)

#define TILE_ROWS 6
#define ELEMENT_BYTES 1
#include "integer_gemm_x86_256.h"

static inline words dot(words sums, words x, words weights) {
    return _mm256_dpbusd_avx_epi32(sums, x, weights);
}

#include "integer_gemm_tile.h"

#pragma clang attribute pop

const qt_integer_gemm_kernel qt_u8s8_gemm_6x16__avxvnni = {
    .name = "qt_u8s8_gemm_6x16__avxvnni",
    .isa = QT_ISA_AVX2 | QT_ISA_AVXVNNI,
    .tile_rows = TILE_ROWS,
    .tile_columns = TILE_COLUMNS,
    .narrow_columns = LANES,
    .unit = 4,
    .element_bytes = ELEMENT_BYTES,
    .run = run,
    .sum_rows = sum_rows,
};

#endif
