#if defined(__x86_64__)

#include <immintrin.h>

#include "qt_ceiling.h"
#include "qt_isa.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

#define VECTOR __m512i
#define ZERO _mm512_setzero_si512()

static inline VECTOR step(VECTOR sum, VECTOR a, VECTOR b) { return _mm512_dpbusd_epi32(sum, a, b); }

#include "ceiling_loop.h"

#pragma clang attribute pop

const qt_ceiling qt_u8s8_ceiling_64__avx512vnni = {
    .name = "qt_u8s8_ceiling_64__avx512vnni", .isa = QT_ISA_AVX512 | QT_ISA_AVX512VNNI, .is_integer = 1, .operations = 12 * 64 * 2, .run = run};

#endif
