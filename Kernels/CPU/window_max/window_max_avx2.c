#include "qt_isa.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

enum { BLOCK = 32 };
typedef __m256i bits;

static inline bits repeat_word(int value) { return _mm256_set1_epi32(value); }
static inline bits max_u8(bits a, bits b) { return _mm256_max_epu8(a, b); }
static inline bits max_s8(bits a, bits b) { return _mm256_max_epi8(a, b); }

// `maxps` gives its second operand where one is NaN.
static inline bits max_f32(bits a, bits b) {
    __m256 x = _mm256_castsi256_ps(a), y = _mm256_castsi256_ps(b);
    return _mm256_castps_si256(_mm256_blendv_ps(_mm256_max_ps(x, y), x, _mm256_cmp_ps(x, x, _CMP_UNORD_Q)));
}

static inline bits load_bits(const uint8_t *p) { return _mm256_loadu_si256((const bits *)p); }

static inline bits load_up_to(const uint8_t *p, size_t count) {
    if (count >= BLOCK) return load_bits(p);
    uint8_t edge[BLOCK] = {0};
    memcpy(edge, p, count);
    return load_bits(edge);
}

static inline void store_up_to(uint8_t *p, bits value, size_t count) {
    if (count >= BLOCK) {
        _mm256_storeu_si256((bits *)p, value);
        return;
    }
    uint8_t edge[BLOCK];
    _mm256_storeu_si256((bits *)edge, value);
    memcpy(p, edge, count);
}

#include "window_max_rows.h"

void qt_any_window_max_1x32__avx2(qt_max_type type, const qt_max_row *row, uint8_t *out) {
    max_row_of(type, row, out);
}

#pragma clang attribute pop

#endif
