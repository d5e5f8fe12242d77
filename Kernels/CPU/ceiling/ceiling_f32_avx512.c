#if defined(__x86_64__)

#include <immintrin.h>

#include "qt_ceiling.h"
#include "qt_isa.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#define VECTOR __m512
#define ZERO _mm512_setzero_ps()

static inline VECTOR step(VECTOR sum, VECTOR a, VECTOR b) { return _mm512_fmadd_ps(a, b, sum); }

#include "ceiling_loop.h"

#pragma clang attribute pop

const qt_ceiling qt_f32_ceiling_16__avx512 = {
    .name = "qt_f32_ceiling_16__avx512", .isa = QT_ISA_AVX2 | QT_ISA_AVX512, .is_integer = 0, .operations = 12 * 16 * 2, .run = run};

#endif
