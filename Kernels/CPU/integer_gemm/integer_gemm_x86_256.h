// Vectors of 8 words for the product's tiles. Included under the instruction set of the including file.

enum { LANES = 8 };
typedef __m256i words;
typedef __m256 floats;

static inline words load_words(const void *p) { return _mm256_loadu_si256(p); }

// The same four bytes in every lane.
static inline words repeat_word(const void *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm256_set1_epi32(word);
}

static inline words weighted(words sums, int32_t factor, words weights) {
    return _mm256_sub_epi32(sums, _mm256_mullo_epi32(_mm256_set1_epi32(factor), weights));
}

// The first `count` of 8 lanes.
static inline words lanes_below(size_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline words requantized(const qt_epilogue *e, words sums, floats scales) {
    floats value = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), scales);
    value = _mm256_min_ps(_mm256_max_ps(value, _mm256_set1_ps(e->lower)), _mm256_set1_ps(e->upper));
    return _mm256_add_epi32(_mm256_cvtps_epi32(value), _mm256_set1_epi32(e->zero_point));
}

static inline floats dequantized(const qt_epilogue *e, words sums, floats scales, floats biases) {
    floats value = _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sums), scales), biases);
    return _mm256_min_ps(_mm256_set1_ps(e->upper), _mm256_max_ps(_mm256_set1_ps(e->lower), value));
}

// The first `count` lanes of the finished sums of columns `column`... to element `column` of `row`.
static inline void finish(const qt_epilogue *e, words sums, uint8_t *row, size_t column, size_t count) {
    if (e->kind == QT_EPILOGUE_ACCUMULATORS) {
        int32_t *out = (int32_t *)row + column;
        if (count >= LANES)
            _mm256_storeu_si256((words *)out, sums);
        else
            _mm256_maskstore_epi32(out, lanes_below(count), sums);
        return;
    }
    floats scales = _mm256_loadu_ps(e->scales + column);
    if (e->kind == QT_EPILOGUE_DEQUANTIZE) {
        float *out = (float *)row + column;
        floats value = dequantized(e, sums, scales, _mm256_loadu_ps(e->biases + column));
        if (count >= LANES)
            _mm256_storeu_ps(out, value);
        else
            _mm256_maskstore_ps(out, lanes_below(count), value);
        return;
    }
    words q = requantized(e, sums, scales);
    __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
    __m128i bytes = e->kind == QT_EPILOGUE_REQUANTIZE_U8 ? _mm_packus_epi16(halves, halves)
                                                         : _mm_packs_epi16(halves, halves);
    if (count >= LANES) {
        _mm_storel_epi64((__m128i *)(row + column), bytes);
    } else {
        uint8_t part[16];
        _mm_storeu_si128((__m128i *)part, bytes);
        for (size_t i = 0; i < count; i++) row[column + i] = part[i];
    }
}
