// Vectors of 16 words for the product's tiles. Included under the instruction set of the including file.

#include "integer_gemm_x86_part.h"

enum { LANES = 16 };
typedef __m512i words;
typedef __m512 floats;

// Keeps the compiler from working on what follows before `x` is there, all at once in more registers than there are.
static inline void in_turn(words *x) { __asm__ volatile("" : "+v"(*x)::"memory"); }

static inline words load_words(const void *p) { return _mm512_loadu_si512(p); }

// The same four bytes in every lane.
static inline words repeat_word(const void *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm512_set1_epi32(word);
}

static inline words repeat_word_of(int32_t word) { return _mm512_set1_epi32(word); }

static inline words weighted(words sums, int32_t factor, words weights) {
    return _mm512_sub_epi32(sums, _mm512_mullo_epi32(_mm512_set1_epi32(factor), weights));
}

static inline floats load_floats(const float *p) { return _mm512_loadu_ps(p); }
static inline floats repeat_float(float value) { return _mm512_set1_ps(value); }
static inline floats multiply(floats a, floats b) { return _mm512_mul_ps(a, b); }
static inline floats add(floats a, floats b) { return _mm512_add_ps(a, b); }
static inline floats least(floats a, floats b) { return _mm512_min_ps(a, b); }
static inline floats greatest(floats a, floats b) { return _mm512_max_ps(a, b); }
static inline floats real(words x) { return _mm512_cvtepi32_ps(x); }
static inline words nearest(floats x) { return _mm512_cvtps_epi32(x); }
static inline floats nearest_real(floats x) {
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline words repeat_byte(int32_t byte) { return _mm512_set1_epi8((char)byte); }
static inline words repeat_half(int32_t half) { return _mm512_set1_epi16((short)half); }
static inline words subtract(words a, words b) { return _mm512_sub_epi32(a, b); }

static inline void store_words(void *out, words x, size_t count) {
    if (count >= LANES)
        _mm512_storeu_si512(out, x);
    else
        _mm512_mask_storeu_epi32(out, (__mmask16)((1u << count) - 1), x);
}

static inline words bits_of(floats x) { return _mm512_castps_si512(x); }
static inline void store_floats(float *out, floats x, size_t count) { store_words(out, bits_of(x), count); }

// The first `count` floats; where these are fewer than a vector, the rest are 0.
static inline floats load_some_floats(const float *p, size_t count) {
    return count >= LANES ? load_floats(p) : _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}

// Eight sums, each below 2^32, that make up the sum of `count` bytes.
static inline __m512i partial_sums(const uint8_t *p, size_t count) {
    const __m512i zero = _mm512_setzero_si512();
    __m512i sums = zero;
    for (; count >= 64; count -= 64, p += 64) sums = _mm512_add_epi64(sums, _mm512_sad_epu8(load_words(p), zero));
    if (count > 0) {
        __m512i rest = _mm512_maskz_loadu_epi8((__mmask64)(~0ull >> (64 - count)), p);
        sums = _mm512_add_epi64(sums, _mm512_sad_epu8(rest, zero));
    }
    return sums;
}

static inline uint32_t sum_bytes(const uint8_t *p, size_t count) {
    return (uint32_t)_mm512_reduce_add_epi64(partial_sums(p, count));
}

// Words of two rows side by side are added up together: neighbours, then parts of 16 bytes.
static inline words added_neighbours(words a, words b) {
    return _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}
static inline words added_parts(words a, words b) {
    return _mm512_add_epi32(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xDD));
}

// The sum of each of LANES rows of `count` bytes.
static inline words sum_each_row(const uint8_t *rows, size_t stride, size_t count) {
    words pairs[LANES / 2];
    for (int i = 0; i < LANES / 2; i++, rows += 2 * stride) {
        words odd = _mm512_slli_epi64(partial_sums(rows + stride, count), 32);
        pairs[i] = _mm512_add_epi32(partial_sums(rows, count), odd);
    }
    words low = added_parts(added_neighbours(pairs[0], pairs[1]), added_neighbours(pairs[2], pairs[3]));
    words high = added_parts(added_neighbours(pairs[4], pairs[5]), added_neighbours(pairs[6], pairs[7]));
    return added_parts(low, high);
}

// `count` bytes, each XOR those of `flip`, as words.
__attribute__((always_inline)) static inline words load_bytes(const uint8_t *p, size_t count, words flip) {
    __m128i bytes = count >= LANES ? _mm_loadu_si128((const __m128i *)p)
                                   : _mm_maskz_loadu_epi8((__mmask16)((1u << count) - 1), p);
    return _mm512_cvtepu8_epi32(_mm_xor_si128(bytes, _mm512_castsi512_si128(flip)));
}

static inline words halves(words a, words b, words addend) {
    return _mm512_adds_epi16(_mm512_packs_epi32(a, b), addend);
}

// Bytes of two rows between `floor` and `ceiling`, then XOR `flip`: the first row's in the lower half.
static inline words bytes_of_rows(words first, words second, words floor, words ceiling, words flip) {
    words bytes = _mm512_max_epu8(_mm512_packus_epi16(first, second), floor);
    bytes = _mm512_xor_si512(_mm512_min_epu8(bytes, ceiling), flip);
    return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), bytes);
}

__attribute__((always_inline)) static inline void store_bytes(uint8_t *out, __m256i x, size_t count) {
    if (count >= 2 * LANES) {
        _mm256_storeu_si256((__m256i *)out, x);
        return;
    }
    __m128i bytes = _mm256_castsi256_si128(x);
    if (count >= LANES) {
        _mm_storeu_si128((__m128i *)out, bytes);
        bytes = _mm256_extracti128_si256(x, 1);
        out += LANES;
    }
    store_part(out, bytes, count % LANES);
}

__attribute__((always_inline)) static inline void store_first_row(uint8_t *out, words rows, size_t count) {
    store_bytes(out, _mm512_castsi512_si256(rows), count);
}

__attribute__((always_inline)) static inline void store_second_row(uint8_t *out, words rows, size_t count) {
    store_bytes(out, _mm512_extracti64x4_epi64(rows, 1), count);
}
