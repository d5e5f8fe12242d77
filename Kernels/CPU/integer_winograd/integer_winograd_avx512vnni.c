#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "qt_integer_winograd.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

#define MOST_ROWS 14
enum { TILE_ROWS = QT_INTEGER_WINOGRAD_TILE, VECTORS = 2, SHORT_LANES = 32 };
#include "../integer_gemm/integer_gemm_x86_512.h"

// The intrinsic would be compiled to a product and a sum: clang takes their latency for what counts.
static inline words dot(words sums, words x, words weights) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(weights));
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
    .name = "qt_s16s16_gemm_14x32__avx512vnni",
    .isa = QT_ISA_AVX512 | QT_ISA_AVX512VNNI,
    .tile_rows = MOST_ROWS,
    .tile_columns = VECTORS * LANES,
    .narrow_columns = LANES,
    .unit = 2,
    .element_bytes = sizeof(int16_t),
};

const qt_integer_winograd_kernel qt_integer_winograd_4x16__avx512vnni = {
    .name = "qt_integer_winograd_4x16__avx512vnni",
    .isa = QT_ISA_AVX512 | QT_ISA_AVX512VNNI,
    .least_channels = 32,
    .most_windows = 192 * 192,
    .most_late_windows = 256 * 256,
    .product = &product,
    .input = transform_input,
    .output = transform_output_by_kind,
    .late_name = "qt_integer_winograd_late_4x16__avx512vnni",
    .weights = transform_weights,
    .multiply = multiply_cells,
};

#endif
