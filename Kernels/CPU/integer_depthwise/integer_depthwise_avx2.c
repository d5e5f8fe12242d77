// Two taps at a time, widened to 16 bits: vpmaddwd adds their products exactly. Weights may take all of 9 bits.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "qt_integer_depthwise.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

enum { BLOCK = 16 };

// Interleaving two taps leaves channel 8h + 4j + i in lane 4h + i of sums j.
static size_t channel_of(size_t j, size_t lane) { return lane / 4 * 8 + j * 4 + lane % 4; }

static size_t packed_bytes(size_t channels, size_t taps) {
    return (channels + BLOCK - 1) / BLOCK * BLOCK * ((taps + 1) / 2) * 2 * sizeof(int16_t);
}

static void pack(
    const int16_t *weights, size_t channels, const qt_integer_pass *taps, size_t tap_count, void *packed) {
    int16_t *out = packed;
    for (size_t first = 0; first < channels; first += BLOCK)
        for (size_t group = 0; group < tap_count; group += 2)
            for (size_t j = 0; j < 2; j++)
                for (size_t lane = 0; lane < 8; lane++) {
                    size_t channel = first + channel_of(j, lane);
                    for (size_t i = group; i < group + 2; i++) {
                        int inside = i < tap_count && channel < channels;
                        *out++ = inside ? weights[taps[i].index * channels + channel] : 0;
                    }
                }
}

static void arrange(const uint32_t *values, size_t channels, uint32_t *out) {
    for (size_t first = 0; first < channels; first += BLOCK)
        for (size_t j = 0; j < 2; j++)
            for (size_t lane = 0; lane < 8; lane++) {
                size_t channel = first + channel_of(j, lane);
                *out++ = channel < channels ? values[channel] : 0;
            }
}

static inline __m256i load_widened(const uint8_t *p, size_t count, __m128i flip) {
    uint8_t copy[BLOCK];
    if (count < BLOCK) {
        memcpy(copy, p, count);
        p = copy;
    }
    return _mm256_cvtepu8_epi16(_mm_xor_si128(_mm_loadu_si128((const __m128i *)p), flip));
}

static inline __m256 scaled(const qt_epilogue *e, __m256i sums, size_t index) {
    return _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_loadu_ps(e->scales + index));
}

static inline __m256i requantized(const qt_epilogue *e, __m256i sums, size_t index) {
    __m256 value = _mm256_max_ps(scaled(e, sums, index), _mm256_set1_ps(e->lower));
    value = _mm256_min_ps(value, _mm256_set1_ps(e->upper));
    return _mm256_add_epi32(_mm256_cvtps_epi32(value), _mm256_set1_epi32(e->zero_point));
}

// Where one is NaN, the second operand is the result.
static inline void note(float *range, __m256 value) {
    _mm256_storeu_ps(range, _mm256_min_ps(value, _mm256_loadu_ps(range)));
    float *highest = range + QT_EPILOGUE_RANGE;
    _mm256_storeu_ps(highest, _mm256_max_ps(value, _mm256_loadu_ps(highest)));
}

static void store_words(const qt_epilogue *e, const __m256i sums[2], size_t channel, size_t count, int32_t *out) {
    int32_t ordered[BLOCK];
    for (size_t j = 0; j < 2; j++) {
        __m256i words = sums[j];
        if (e->kind == QT_EPILOGUE_DEQUANTIZE) {
            size_t index = channel + j * 8;
            __m256 value = _mm256_add_ps(scaled(e, sums[j], index), _mm256_loadu_ps(e->biases + index));
            value = _mm256_min_ps(_mm256_set1_ps(e->upper), _mm256_max_ps(_mm256_set1_ps(e->lower), value));
            words = _mm256_castps_si256(value);
            if (e->range) note(e->range, value);
        }
        _mm_storeu_si128((__m128i *)(ordered + j * 4), _mm256_castsi256_si128(words));
        _mm_storeu_si128((__m128i *)(ordered + 8 + j * 4), _mm256_extracti128_si256(words, 1));
    }
    memcpy(out, ordered, count * 4);
}

static inline void block(
    const qt_integer_depthwise *job, const uint8_t *const *taps, size_t tap_count, const int16_t *weights,
    size_t channel, size_t count, void *out) {
    const qt_epilogue *e = &job->epilogue;
    const __m128i flip = _mm_set1_epi8((char)job->flip);
    const __m256i *w = (const __m256i *)weights;
    __m256i sums[2];
    for (int j = 0; j < 2; j++) sums[j] = _mm256_loadu_si256((const __m256i *)(job->offsets + channel + j * 8));
    for (size_t tap = 0; tap < tap_count; tap += 2, w += 2) {
        __m256i x0 = load_widened(taps[tap] + channel, count, flip);
        __m256i x1 = load_widened(taps[tap + 1] + channel, count, flip);
        __m256i low = _mm256_unpacklo_epi16(x0, x1), high = _mm256_unpackhi_epi16(x0, x1);
        sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(low, _mm256_loadu_si256(w)));
        sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(high, _mm256_loadu_si256(w + 1)));
    }
    if (e->kind != QT_EPILOGUE_REQUANTIZE_U8 && e->kind != QT_EPILOGUE_REQUANTIZE_S8) {
        store_words(e, sums, channel, count, (int32_t *)out + channel);
        return;
    }
    __m256i words = _mm256_packs_epi32(requantized(e, sums[0], channel), requantized(e, sums[1], channel + 8));
    __m128i low = _mm256_castsi256_si128(words), high = _mm256_extracti128_si256(words, 1);
    __m128i bytes = e->kind == QT_EPILOGUE_REQUANTIZE_U8 ? _mm_packus_epi16(low, high) : _mm_packs_epi16(low, high);
    if (count == BLOCK)
        _mm_storeu_si128((__m128i *)((uint8_t *)out + channel), bytes);
    else
        memcpy((uint8_t *)out + channel, &bytes, count);
}

static void pixel(const qt_integer_depthwise *job, const uint8_t *const *taps, size_t tap_count, void *out) {
    const size_t channels = job->windows->channels;
    const int16_t *weights = job->packed;
    size_t channel = 0;
    for (; channel + BLOCK <= channels; channel += BLOCK, weights += BLOCK * tap_count)
        block(job, taps, tap_count, weights, channel, BLOCK, out);
    if (channel < channels) block(job, taps, tap_count, weights, channel, channels - channel, out);
}

#pragma clang attribute pop

const qt_integer_depthwise_kernel qt_u8s16_depthwise_1x16__avx2 = {
    .name = "qt_u8s16_depthwise_1x16__avx2",
    .isa = QT_ISA_AVX2,
    .block_channels = BLOCK,
    .tap_unit = 2,
    .weight_bytes = 2,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .arrange = arrange,
    .pixel = pixel,
};

#endif
