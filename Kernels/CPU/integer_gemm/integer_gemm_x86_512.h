// Vectors of 16 words for the product's tiles. Included under the instruction set of the including file.

enum { LANES = 16 };
typedef __m512i words;
typedef __m512 floats;

static inline words load_words(const void *p) { return _mm512_loadu_si512(p); }

// The same four bytes in every lane.
static inline words repeat_word(const void *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm512_set1_epi32(word);
}

static inline words weighted(words sums, int32_t factor, words weights) {
    return _mm512_sub_epi32(sums, _mm512_mullo_epi32(_mm512_set1_epi32(factor), weights));
}

static inline words requantized(const qt_epilogue *e, words sums, floats scales) {
    floats value = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), scales);
    value = _mm512_min_ps(_mm512_max_ps(value, _mm512_set1_ps(e->lower)), _mm512_set1_ps(e->upper));
    return _mm512_add_epi32(_mm512_cvtps_epi32(value), _mm512_set1_epi32(e->zero_point));
}

static inline floats dequantized(const qt_epilogue *e, words sums, floats scales, floats biases) {
    floats value = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sums), scales), biases);
    return _mm512_min_ps(_mm512_set1_ps(e->upper), _mm512_max_ps(_mm512_set1_ps(e->lower), value));
}

// The first `count` lanes of the finished sums of columns `column`... to element `column` of `row`.
static inline void finish(const qt_epilogue *e, words sums, uint8_t *row, size_t column, size_t count) {
    __mmask16 mask = count >= LANES ? 0xFFFF : (__mmask16)((1u << count) - 1);
    if (e->kind == QT_EPILOGUE_ACCUMULATORS) {
        _mm512_mask_storeu_epi32((int32_t *)row + column, mask, sums);
        return;
    }
    floats scales = _mm512_loadu_ps(e->scales + column);
    if (e->kind == QT_EPILOGUE_DEQUANTIZE) {
        floats value = dequantized(e, sums, scales, _mm512_loadu_ps(e->biases + column));
        _mm512_mask_storeu_ps((float *)row + column, mask, value);
        return;
    }
    // Values are in range already, so the narrowing only drops bytes of sign.
    __m128i bytes = _mm512_cvtepi32_epi8(requantized(e, sums, scales));
    if (count >= LANES)
        _mm_storeu_si128((__m128i *)(row + column), bytes);
    else
        _mm_mask_storeu_epi8(row + column, mask, bytes);
}
