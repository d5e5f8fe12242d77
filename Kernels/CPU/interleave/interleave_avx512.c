#include "qt_isa.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi2"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

// Elements widened to twice their width, those of `y` in the upper halves.
INLINE __m512i woven(const size_t width, __m256i x, __m256i y) {
    switch (width) {
        case 1: return _mm512_cvtepu8_epi16(x) | _mm512_slli_epi16(_mm512_cvtepu8_epi16(y), 8);
        case 2: return _mm512_cvtepu16_epi32(x) | _mm512_slli_epi32(_mm512_cvtepu16_epi32(y), 16);
        case 4: return _mm512_cvtepu32_epi64(x) | _mm512_slli_epi64(_mm512_cvtepu32_epi64(y), 32);
        default:
            return _mm512_mask_expand_epi64(
                _mm512_maskz_expand_epi64(0x55, _mm512_castsi256_si512(x)), 0xAA, _mm512_castsi256_si512(y));
    }
}

INLINE void interleave(const size_t width, const uint8_t *a, const uint8_t *b, size_t bytes, uint8_t *out) {
    size_t i = 0;
    for (; i + 32 <= bytes; i += 32) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(a + i)), y = _mm256_loadu_si256((const __m256i *)(b + i));
        _mm512_storeu_si512(out + 2 * i, woven(width, x, y));
    }
    if (i == bytes) return;
    unsigned rest = (unsigned)(bytes - i);
    __mmask32 some = _cvtu32_mask32(_bzhi_u32(~0u, rest));
    __m256i x = _mm256_maskz_loadu_epi8(some, a + i), y = _mm256_maskz_loadu_epi8(some, b + i);
    _mm512_mask_storeu_epi8(out + 2 * i, _cvtu64_mask64(_bzhi_u64(~0ull, 2 * rest)), woven(width, x, y));
}

#include "interleave_pixels.h"

void qt_any_interleave_2x32__avx512(size_t width, const qt_interleaving *job) { interleave_each_width(width, job); }

#pragma clang attribute pop

#endif
