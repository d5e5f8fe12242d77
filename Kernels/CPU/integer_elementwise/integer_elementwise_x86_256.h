// Vectors of 32 bytes for the element-wise loops. Included under the instruction set of the including file.

#include <immintrin.h>

enum { BLOCK = 32 };
typedef __m256i bits;
typedef __m256 floats;

static inline bits load_bits(const void *p) { return _mm256_loadu_si256((const bits *)p); }
static inline void store_bits(void *p, bits value) { _mm256_storeu_si256((bits *)p, value); }

// The first `count` bytes, at most BLOCK; nothing behind them is touched.
static inline bits load_some(const void *p, size_t count) {
    uint8_t edge[BLOCK] = {0};
    memcpy(edge, p, count);
    return load_bits(edge);
}
static inline void store_some(void *p, bits value, size_t count) {
    uint8_t edge[BLOCK];
    store_bits(edge, value);
    memcpy(p, edge, count);
}

static inline bits repeat_byte(int value) { return _mm256_set1_epi8((char)value); }
static inline bits repeat_half(int value) { return _mm256_set1_epi16((short)value); }
static inline bits repeat_word(int value) { return _mm256_set1_epi32(value); }
static inline floats repeat_float(float value) { return _mm256_set1_ps(value); }

static inline bits interleave8_low(bits a, bits b) { return _mm256_unpacklo_epi8(a, b); }
static inline bits interleave8_high(bits a, bits b) { return _mm256_unpackhi_epi8(a, b); }
static inline bits interleave16_low(bits a, bits b) { return _mm256_unpacklo_epi16(a, b); }
static inline bits interleave16_high(bits a, bits b) { return _mm256_unpackhi_epi16(a, b); }
static inline bits narrow_words(bits a, bits b) { return _mm256_packs_epi32(a, b); }
static inline bits narrow_halves(bits a, bits b) { return _mm256_packus_epi16(a, b); }
static inline bits add_halves(bits a, bits b) { return _mm256_adds_epi16(a, b); }
static inline bits clamp_halves(bits value, bits lower, bits upper) {
    return _mm256_min_epi16(_mm256_max_epi16(value, lower), upper);
}

// What narrowing vectors in the order of their elements leaves interleaved by lanes of 16 bytes, in order.
static inline bits ordered(bits narrowed) {
    return _mm256_permutevar8x32_epi32(narrowed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

static inline bits words_of_bytes(const void *p) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
}
static inline floats load_floats(const float *p) { return _mm256_loadu_ps(p); }
static inline void store_floats(float *p, floats value) { _mm256_storeu_ps(p, value); }
static inline floats as_floats(bits value) { return _mm256_castsi256_ps(value); }
static inline bits rounded(floats value) { return _mm256_cvtps_epi32(value); }
// a * b + c and c - a * b, rounded once.
static inline floats fused(floats a, floats b, floats c) { return _mm256_fmadd_ps(a, b, c); }
// The second where either is NaN.
static inline floats least_or_nan(floats a, floats b) { return _mm256_min_ps(a, b); }
