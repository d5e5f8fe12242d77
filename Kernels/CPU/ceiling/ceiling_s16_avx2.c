#if defined(__x86_64__)

#include <immintrin.h>

#include "qt_ceiling.h"
#include "qt_isa.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

#define VECTOR __m256i
#define ZERO _mm256_setzero_si256()

static inline VECTOR step(VECTOR sum, VECTOR a, VECTOR b) { return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)); }

#include "ceiling_loop.h"

#pragma clang attribute pop

const qt_ceiling qt_s16_ceiling_16__avx2 = {
    .name = "qt_s16_ceiling_16__avx2", .isa = QT_ISA_AVX2, .is_integer = 1, .operations = 12 * 16 * 2, .run = run};

#endif
