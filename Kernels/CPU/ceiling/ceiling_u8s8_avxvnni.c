#if defined(__x86_64__)

#include <immintrin.h>

#include "qt_ceiling.h"
#include "qt_isa.h"

#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)

#define VECTOR __m256i
#define ZERO _mm256_setzero_si256()

static inline VECTOR step(VECTOR sum, VECTOR a, VECTOR b) { return _mm256_dpbusd_avx_epi32(sum, a, b); }

#include "ceiling_loop.h"

#pragma clang attribute pop

const qt_ceiling qt_u8s8_ceiling_32__avxvnni = {
    .name = "qt_u8s8_ceiling_32__avxvnni", .isa = QT_ISA_AVX2 | QT_ISA_AVXVNNI, .is_integer = 1, .operations = 12 * 32 * 2, .run = run};

#endif
