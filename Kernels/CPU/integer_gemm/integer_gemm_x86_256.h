// Vectors of 8 words for the product's tiles. Included under the instruction set of the including file.

#include "integer_gemm_x86_part.h"

enum { LANES = 8 };
typedef __m256i words;
typedef __m256 floats;

// Keeps the compiler from working on what follows before `x` is there, all at once in more registers than there are.
static inline void in_turn(words *x) { __asm__ volatile("" : "+v"(*x)::"memory"); }

static inline words load_words(const void *p) { return _mm256_loadu_si256(p); }

// The same four bytes in every lane.
static inline words repeat_word(const void *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm256_set1_epi32(word);
}

static inline words repeat_word_of(int32_t word) { return _mm256_set1_epi32(word); }

static inline words weighted(words sums, int32_t factor, words weights) {
    return _mm256_sub_epi32(sums, _mm256_mullo_epi32(_mm256_set1_epi32(factor), weights));
}

// The first `count` of 8 lanes.
static inline words lanes_below(size_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline floats load_floats(const float *p) { return _mm256_loadu_ps(p); }
static inline floats repeat_float(float value) { return _mm256_set1_ps(value); }
static inline floats multiply(floats a, floats b) { return _mm256_mul_ps(a, b); }
static inline floats add(floats a, floats b) { return _mm256_add_ps(a, b); }
static inline floats least(floats a, floats b) { return _mm256_min_ps(a, b); }
static inline floats greatest(floats a, floats b) { return _mm256_max_ps(a, b); }
static inline floats real(words x) { return _mm256_cvtepi32_ps(x); }
static inline words nearest(floats x) { return _mm256_cvtps_epi32(x); }
static inline floats nearest_real(floats x) {
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline words repeat_byte(int32_t byte) { return _mm256_set1_epi8((char)byte); }
static inline words repeat_half(int32_t half) { return _mm256_set1_epi16((short)half); }
static inline words subtract(words a, words b) { return _mm256_sub_epi32(a, b); }

static inline void store_words(void *out, words x, size_t count) {
    if (count >= LANES)
        _mm256_storeu_si256(out, x);
    else
        _mm256_maskstore_epi32(out, lanes_below(count), x);
}

static inline words bits_of(floats x) { return _mm256_castps_si256(x); }
static inline void store_floats(float *out, floats x, size_t count) { store_words(out, bits_of(x), count); }

// The first `count` floats; where these are fewer than a vector, the rest are 0.
static inline floats load_some_floats(const float *p, size_t count) {
    return count >= LANES ? load_floats(p) : _mm256_maskload_ps(p, lanes_below(count));
}

// Four sums, each below 2^32, that make up the sum of `count` bytes.
static inline __m256i partial_sums(const uint8_t *p, size_t count) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i sums = zero;
    for (; count >= 32; count -= 32, p += 32) sums = _mm256_add_epi64(sums, _mm256_sad_epu8(load_words(p), zero));
    __m256i rest = _mm256_maskload_epi32((const int *)p, lanes_below(count / 4));
    sums = _mm256_add_epi64(sums, _mm256_sad_epu8(rest, zero));
    uint32_t last = 0;
    for (size_t i = count & ~(size_t)3; i < count; i++) last += p[i];
    return _mm256_add_epi64(sums, _mm256_set_epi64x(0, 0, 0, last));
}

static inline uint32_t sum_bytes(const uint8_t *p, size_t count) {
    __m256i sums = partial_sums(p, count);
    __m128i two = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    return (uint32_t)_mm_cvtsi128_si32(two) + (uint32_t)_mm_extract_epi32(two, 2);
}

// Words of two rows side by side are added up together: neighbours, then halves.
static inline words added_neighbours(words a, words b) {
    return _mm256_add_epi32(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
}

// The sum of each of LANES rows of `count` bytes.
static inline words sum_each_row(const uint8_t *rows, size_t stride, size_t count) {
    words pairs[LANES / 2];
    for (int i = 0; i < LANES / 2; i++, rows += 2 * stride) {
        words odd = _mm256_slli_epi64(partial_sums(rows + stride, count), 32);
        pairs[i] = _mm256_add_epi32(partial_sums(rows, count), odd);
    }
    words low = added_neighbours(pairs[0], pairs[1]), high = added_neighbours(pairs[2], pairs[3]);
    return _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x20), _mm256_permute2x128_si256(low, high, 0x31));
}

// `count` bytes, each XOR those of `flip`, as words.
__attribute__((always_inline)) static inline words load_bytes(const uint8_t *p, size_t count, words flip) {
    uint8_t part[LANES] = {0};
    if (count < LANES) {
        for (size_t i = 0; i < count; i++) part[i] = p[i];
        p = part;
    }
    __m128i bytes = _mm_loadl_epi64((const __m128i *)p);
    return _mm256_cvtepu8_epi32(_mm_xor_si128(bytes, _mm256_castsi256_si128(flip)));
}

static inline words halves(words a, words b, words addend) {
    return _mm256_adds_epi16(_mm256_packs_epi32(a, b), addend);
}

// Bytes of two rows between `floor` and `ceiling`, then XOR `flip`: the first row's in the lower half.
static inline words bytes_of_rows(words first, words second, words floor, words ceiling, words flip) {
    words bytes = _mm256_max_epu8(_mm256_packus_epi16(first, second), floor);
    bytes = _mm256_xor_si256(_mm256_min_epu8(bytes, ceiling), flip);
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

__attribute__((always_inline)) static inline void store_bytes(uint8_t *out, __m128i x, size_t count) {
    if (count >= 2 * LANES)
        _mm_storeu_si128((__m128i *)out, x);
    else
        store_part(out, x, count);
}

__attribute__((always_inline)) static inline void store_first_row(uint8_t *out, words rows, size_t count) {
    store_bytes(out, _mm256_castsi256_si128(rows), count);
}

__attribute__((always_inline)) static inline void store_second_row(uint8_t *out, words rows, size_t count) {
    store_bytes(out, _mm256_extracti128_si256(rows, 1), count);
}
