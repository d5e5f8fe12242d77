#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "qt_integer_winograd.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

enum { TILE_ROWS = QT_INTEGER_WINOGRAD_TILE, VECTORS = 2, SHORT_LANES = 32 };
#include "../integer_gemm/integer_gemm_x86_512.h"
#include "../integer_gemm/integer_gemm_finish.h"
#include "integer_winograd_squares.inc"
#include "integer_winograd_floats.inc"

#pragma clang attribute pop

extern const qt_integer_gemm_kernel qt_u8s8_gemm_12x32__avx512;

const qt_integer_winograd_kernel qt_integer_winograd_4x16__avx512 = {
    .name = "qt_integer_winograd_4x16__avx512",
    .isa = QT_ISA_AVX512,
    .least_channels = 16,
    .most_windows = 256 * 256,
    .product = &qt_u8s8_gemm_12x32__avx512,
    .input = transform_input,
    .output = transform_output_by_kind,
};

#endif
