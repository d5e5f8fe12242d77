#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "qt_integer_depthwise.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)

// Without masks, the last block's bytes pass through memory of a whole vector.
static inline const uint8_t *whole(const uint8_t *p, size_t count, size_t width, uint8_t *copy) {
    if (count == width) return p;
    memcpy(copy, p, count);
    return copy;
}

static inline __m256i load32(const uint8_t *p, size_t count) {
    uint8_t copy[32];
    return _mm256_loadu_si256((const __m256i *)whole(p, count, 32, copy));
}

static inline void store32(uint8_t *p, size_t count, __m256i bytes) {
    if (count == 32)
        _mm256_storeu_si256((__m256i *)p, bytes);
    else
        memcpy(p, &bytes, count);
}

static inline void store_some_words(int32_t *p, size_t count, const void *words, size_t most) {
    memcpy(p, words, (count < most ? count : most) * 4);
}

static inline void order32(__m256i words[4]) {
    __m256i low0 = _mm256_permute2x128_si256(words[0], words[1], 0x20);
    __m256i low1 = _mm256_permute2x128_si256(words[2], words[3], 0x20);
    __m256i high0 = _mm256_permute2x128_si256(words[0], words[1], 0x31);
    __m256i high1 = _mm256_permute2x128_si256(words[2], words[3], 0x31);
    words[0] = low0, words[1] = low1, words[2] = high0, words[3] = high1;
}

#define W 32
#define VECTOR __m256i
#define OP(name) _mm256_##name
#define XOR(a, b) _mm256_xor_si256(a, b)
#define LOAD(p, count) load32(p, count)
#define LOAD_WORDS(p) _mm256_loadu_si256((const __m256i *)(p))
#define ORDER(words) order32(words)
#define STORE_WORDS(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define STORE_SOME_WORDS(p, count, v) store_some_words(p, count, &(v), 8)
#define DOT(sums, x, weights) _mm256_dpbusd_avx_epi32(sums, x, weights)
#define STORE_BYTES(p, count, v) store32(p, count, v)
#include "integer_depthwise_vnni_block.h"

static inline __m128i load16(const uint8_t *p, size_t count) {
    uint8_t copy[16];
    return _mm_loadu_si128((const __m128i *)whole(p, count, 16, copy));
}

static inline void store16(uint8_t *p, size_t count, __m128i bytes) {
    if (count == 16)
        _mm_storeu_si128((__m128i *)p, bytes);
    else
        memcpy(p, &bytes, count);
}

#define W 16
#define VECTOR __m128i
#define OP(name) _mm_##name
#define XOR(a, b) _mm_xor_si128(a, b)
#define LOAD(p, count) load16(p, count)
#define LOAD_WORDS(p) _mm_loadu_si128((const __m128i *)(p))
#define ORDER(words) (void)(words)
#define STORE_WORDS(p, v) _mm_storeu_si128((__m128i *)(p), v)
#define STORE_SOME_WORDS(p, count, v) store_some_words(p, count, &(v), 4)
#define DOT(sums, x, weights) _mm_dpbusd_avx_epi32(sums, x, weights)
#define STORE_BYTES(p, count, v) store16(p, count, v)
#include "integer_depthwise_vnni_block.h"

#define WIDEST 32
#include "integer_depthwise_vnni_row.h"

#pragma clang attribute pop

const qt_integer_depthwise_kernel qt_u8s8_depthwise_1x32__avxvnni = {
    .name = "qt_u8s8_depthwise_1x32__avxvnni",
    .isa = QT_ISA_AVX2 | QT_ISA_AVXVNNI,
    .block_channels = WIDEST,
    .tap_unit = 4,
    .weight_bytes = 1,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .arrange = arrange,
    .pixel = pixel,
    .block_width = block_width,
    .gather = gather,
    .strip = strip,
};

#endif
