#if defined(__x86_64__)

#include <immintrin.h>

#include "qt_ceiling.h"
#include "qt_isa.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#define VECTOR __m512i
#define ZERO _mm512_setzero_si512()

static inline VECTOR step(VECTOR sum, VECTOR a, VECTOR b) { return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b)); }

#include "ceiling_loop.h"

#pragma clang attribute pop

const qt_ceiling qt_s16_ceiling_32__avx512 = {
    .name = "qt_s16_ceiling_32__avx512", .isa = QT_ISA_AVX512, .is_integer = 1, .operations = 12 * 32 * 2, .run = run};

#endif
