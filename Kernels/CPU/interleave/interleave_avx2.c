#include "qt_isa.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

INLINE void interleave_16(const size_t width, const uint8_t *a, const uint8_t *b, uint8_t *out) {
    __m128i x = _mm_loadu_si128((const __m128i *)a), y = _mm_loadu_si128((const __m128i *)b), low, high;
    switch (width) {
        case 1: low = _mm_unpacklo_epi8(x, y), high = _mm_unpackhi_epi8(x, y); break;
        case 2: low = _mm_unpacklo_epi16(x, y), high = _mm_unpackhi_epi16(x, y); break;
        case 4: low = _mm_unpacklo_epi32(x, y), high = _mm_unpackhi_epi32(x, y); break;
        default: low = _mm_unpacklo_epi64(x, y), high = _mm_unpackhi_epi64(x, y); break;
    }
    _mm_storeu_si128((__m128i *)out, low);
    _mm_storeu_si128((__m128i *)(out + 16), high);
}

// The last block lies over the one before it where the run is not made of whole blocks.
INLINE void interleave(const size_t width, const uint8_t *a, const uint8_t *b, size_t bytes, uint8_t *out) {
    if (bytes >= 16) {
        for (size_t i = 0; i + 16 <= bytes; i += 16) interleave_16(width, a + i, b + i, out + 2 * i);
        size_t last = bytes - 16;
        if (last % 16 != 0) interleave_16(width, a + last, b + last, out + 2 * last);
        return;
    }
    for (size_t i = 0; i < bytes; i += width) {
        memcpy(out + 2 * i, a + i, width);
        memcpy(out + 2 * i + width, b + i, width);
    }
}

#include "interleave_pixels.h"

void qt_any_interleave_2x16__avx2(size_t width, const qt_interleaving *job) { interleave_each_width(width, job); }

#pragma clang attribute pop

#endif
