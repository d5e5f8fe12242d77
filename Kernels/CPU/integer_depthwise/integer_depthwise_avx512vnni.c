#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "qt_integer_depthwise.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

#define MASK(count) (~0ull >> (64 - (count)))
// The same for words, of which a vector has `most`.
#define FEW(count, most) MASK((count) < (most) ? (count) : (most))

static inline void order64(__m512i words[4]) {
    __m512i low0 = _mm512_shuffle_i32x4(words[0], words[1], 0x44);
    __m512i low1 = _mm512_shuffle_i32x4(words[2], words[3], 0x44);
    __m512i high0 = _mm512_shuffle_i32x4(words[0], words[1], 0xEE);
    __m512i high1 = _mm512_shuffle_i32x4(words[2], words[3], 0xEE);
    words[0] = _mm512_shuffle_i32x4(low0, low1, 0x88);
    words[1] = _mm512_shuffle_i32x4(low0, low1, 0xDD);
    words[2] = _mm512_shuffle_i32x4(high0, high1, 0x88);
    words[3] = _mm512_shuffle_i32x4(high0, high1, 0xDD);
}

static inline void order32(__m256i words[4]) {
    __m256i low0 = _mm256_permute2x128_si256(words[0], words[1], 0x20);
    __m256i low1 = _mm256_permute2x128_si256(words[2], words[3], 0x20);
    __m256i high0 = _mm256_permute2x128_si256(words[0], words[1], 0x31);
    __m256i high1 = _mm256_permute2x128_si256(words[2], words[3], 0x31);
    words[0] = low0, words[1] = low1, words[2] = high0, words[3] = high1;
}

#define W 64
#define VECTOR __m512i
#define OP(name) _mm512_##name
#define XOR(a, b) _mm512_xor_si512(a, b)
#define LOAD(p, count) _mm512_maskz_loadu_epi8((__mmask64)MASK(count), p)
#define LOAD_WORDS(p) _mm512_loadu_si512((const void *)(p))
#define ORDER(words) order64(words)
#define STORE_WORDS(p, v) _mm512_storeu_si512((void *)(p), v)
#define STORE_SOME_WORDS(p, count, v) _mm512_mask_storeu_epi32(p, (__mmask16)FEW(count, 16), v)
#define DOT(sums, x, weights) _mm512_dpbusd_epi32(sums, x, weights)
#define STORE_BYTES(p, count, v) _mm512_mask_storeu_epi8(p, (__mmask64)MASK(count), v)
#include "integer_depthwise_vnni_block.h"

#define W 32
#define VECTOR __m256i
#define OP(name) _mm256_##name
#define XOR(a, b) _mm256_xor_si256(a, b)
#define LOAD(p, count) _mm256_maskz_loadu_epi8((__mmask32)MASK(count), p)
#define LOAD_WORDS(p) _mm256_loadu_si256((const void *)(p))
#define ORDER(words) order32(words)
#define STORE_WORDS(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define STORE_SOME_WORDS(p, count, v) _mm256_mask_storeu_epi32(p, (__mmask8)FEW(count, 8), v)
#define DOT(sums, x, weights) _mm256_dpbusd_epi32(sums, x, weights)
#define STORE_BYTES(p, count, v) _mm256_mask_storeu_epi8(p, (__mmask32)MASK(count), v)
#include "integer_depthwise_vnni_block.h"

#define W 16
#define VECTOR __m128i
#define OP(name) _mm_##name
#define XOR(a, b) _mm_xor_si128(a, b)
#define LOAD(p, count) _mm_maskz_loadu_epi8((__mmask16)MASK(count), p)
#define LOAD_WORDS(p) _mm_loadu_si128((const void *)(p))
#define ORDER(words) (void)(words)
#define STORE_WORDS(p, v) _mm_storeu_si128((__m128i *)(p), v)
#define STORE_SOME_WORDS(p, count, v) _mm_mask_storeu_epi32(p, (__mmask8)FEW(count, 4), v)
#define DOT(sums, x, weights) _mm_dpbusd_epi32(sums, x, weights)
#define STORE_BYTES(p, count, v) _mm_mask_storeu_epi8(p, (__mmask16)MASK(count), v)
#include "integer_depthwise_vnni_block.h"

#define WIDEST 64
#include "integer_depthwise_vnni_row.h"

#pragma clang attribute pop

const qt_integer_depthwise_kernel qt_u8s8_depthwise_1x64__avx512vnni = {
    .name = "qt_u8s8_depthwise_1x64__avx512vnni",
    .isa = QT_ISA_AVX512 | QT_ISA_AVX512VNNI,
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
