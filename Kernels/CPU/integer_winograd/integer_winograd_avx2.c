#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "qt_integer_winograd.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

enum { TILE_ROWS = QT_INTEGER_WINOGRAD_TILE, VECTORS = 2, SHORT_LANES = 16 };
#include "../integer_gemm/integer_gemm_x86_256.h"
#include "../integer_gemm/integer_gemm_finish.h"
#include "integer_winograd_squares.inc"
#include "integer_winograd_floats.inc"

#pragma clang attribute pop

extern const qt_integer_gemm_kernel qt_u8s8_gemm_5x16__avx2;

const qt_integer_winograd_kernel qt_integer_winograd_4x8__avx2 = {
    .name = "qt_integer_winograd_4x8__avx2",
    .isa = QT_ISA_AVX2,
    .least_channels = 16,
    .most_windows = 256 * 256,
    .product = &qt_u8s8_gemm_5x16__avx2,
    .input = transform_input,
    .output = transform_output_by_kind,
};

#endif
