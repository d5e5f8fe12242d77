// Vectors of 64 bytes for the element-wise loops. Included under the instruction set of the including file.

#include <immintrin.h>

enum { BLOCK = 64 };
typedef __m512i bits;
typedef __m512 floats;

static inline bits load_bits(const void *p) { return _mm512_loadu_si512(p); }
static inline void store_bits(void *p, bits value) { _mm512_storeu_si512(p, value); }

// The first `count` bytes, at most BLOCK; nothing behind them is touched.
static inline bits load_some(const void *p, size_t count) {
    return _mm512_maskz_loadu_epi8(_cvtu64_mask64(_bzhi_u64(~0ull, (unsigned)count)), p);
}
static inline void store_some(void *p, bits value, size_t count) {
    _mm512_mask_storeu_epi8(p, _cvtu64_mask64(_bzhi_u64(~0ull, (unsigned)count)), value);
}

static inline bits repeat_byte(int value) { return _mm512_set1_epi8((char)value); }
static inline bits repeat_half(int value) { return _mm512_set1_epi16((short)value); }
static inline bits repeat_word(int value) { return _mm512_set1_epi32(value); }
static inline floats repeat_float(float value) { return _mm512_set1_ps(value); }

static inline bits interleave8_low(bits a, bits b) { return _mm512_unpacklo_epi8(a, b); }
static inline bits interleave8_high(bits a, bits b) { return _mm512_unpackhi_epi8(a, b); }
static inline bits interleave16_low(bits a, bits b) { return _mm512_unpacklo_epi16(a, b); }
static inline bits interleave16_high(bits a, bits b) { return _mm512_unpackhi_epi16(a, b); }
static inline bits narrow_words(bits a, bits b) { return _mm512_packs_epi32(a, b); }
static inline bits narrow_halves(bits a, bits b) { return _mm512_packus_epi16(a, b); }
static inline bits add_halves(bits a, bits b) { return _mm512_adds_epi16(a, b); }
static inline bits clamp_halves(bits value, bits lower, bits upper) {
    return _mm512_min_epi16(_mm512_max_epi16(value, lower), upper);
}

// What narrowing vectors in the order of their elements leaves interleaved by lanes of 16 bytes, in order.
static inline bits ordered(bits narrowed) {
    const bits order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, narrowed);
}

static inline bits words_of_bytes(const void *p) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
}
static inline floats load_floats(const float *p) { return _mm512_loadu_ps(p); }
static inline void store_floats(float *p, floats value) { _mm512_storeu_ps(p, value); }
static inline floats as_floats(bits value) { return _mm512_castsi512_ps(value); }
static inline bits rounded(floats value) { return _mm512_cvtps_epi32(value); }
// a * b + c and c - a * b, rounded once.
static inline floats fused(floats a, floats b, floats c) { return _mm512_fmadd_ps(a, b, c); }
// The second where either is NaN.
static inline floats least_or_nan(floats a, floats b) { return _mm512_min_ps(a, b); }
