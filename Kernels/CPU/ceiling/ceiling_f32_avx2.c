#if defined(__x86_64__)

#include <immintrin.h>

#include "qt_ceiling.h"
#include "qt_isa.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define VECTOR __m256
#define ZERO _mm256_setzero_ps()

static inline VECTOR step(VECTOR sum, VECTOR a, VECTOR b) { return _mm256_fmadd_ps(a, b, sum); }

#include "ceiling_loop.h"

#pragma clang attribute pop

const qt_ceiling qt_f32_ceiling_8__avx2 = {
    .name = "qt_f32_ceiling_8__avx2", .isa = QT_ISA_AVX2, .is_integer = 0, .operations = 12 * 8 * 2, .run = run};

#endif
