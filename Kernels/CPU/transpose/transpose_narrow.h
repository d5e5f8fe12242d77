// Matrices of two to four rows, as the planes of a picture: the columns lie one behind the other in the target, so that
// every vector of it takes some elements from each row. Included under the instruction set of the including file.

#define INLINE static inline __attribute__((always_inline))

enum { MOST_ROWS = 4 };

INLINE void interleave_words(const size_t rows, const float *source, size_t stride, float *target, size_t columns) {
    _Alignas(32) int32_t places[MOST_ROWS][8], rows_of[MOST_ROWS][8];
    for (size_t v = 0; v < rows; v++) {
        for (size_t lane = 0; lane < 8; lane++) {
            places[v][lane] = (int32_t)((v * 8 + lane) / rows);
            rows_of[v][lane] = (int32_t)((v * 8 + lane) % rows);
        }
    }
    for (size_t column = 0; column < columns; column += 8) {
        __m256 taken[MOST_ROWS];
#pragma clang loop unroll(full)
        for (size_t row = 0; row < rows; row++) taken[row] = _mm256_loadu_ps(source + row * stride + column);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < rows; v++) {
            __m256i place = _mm256_load_si256((const __m256i *)places[v]);
            __m256i row_of = _mm256_load_si256((const __m256i *)rows_of[v]);
            __m256 mixed = _mm256_permutevar8x32_ps(taken[0], place);
#pragma clang loop unroll(full)
            for (size_t row = 1; row < rows; row++) {
                __m256i mine = _mm256_cmpeq_epi32(row_of, _mm256_set1_epi32((int)row));
                __m256 moved = _mm256_permutevar8x32_ps(taken[row], place);
                mixed = _mm256_blendv_ps(mixed, moved, _mm256_castsi256_ps(mine));
            }
            _mm256_storeu_ps(target + column * rows + v * 8, mixed);
        }
    }
}

INLINE void interleave_bytes(
    const size_t rows, const uint8_t *source, size_t stride, uint8_t *target, size_t columns) {
    // Bytes with the highest bit set make zeros.
    _Alignas(16) uint8_t places[MOST_ROWS][MOST_ROWS][16];
    for (size_t v = 0; v < rows; v++) {
        for (size_t lane = 0; lane < 16; lane++) {
            size_t index = v * 16 + lane;
            for (size_t row = 0; row < rows; row++)
                places[v][row][lane] = index % rows == row ? (uint8_t)(index / rows) : 0x80;
        }
    }
    for (size_t column = 0; column < columns; column += 16) {
        __m128i taken[MOST_ROWS];
#pragma clang loop unroll(full)
        for (size_t row = 0; row < rows; row++)
            taken[row] = _mm_loadu_si128((const __m128i *)(source + row * stride + column));
#pragma clang loop unroll(full)
        for (size_t v = 0; v < rows; v++) {
            __m128i mixed = _mm_setzero_si128();
#pragma clang loop unroll(full)
            for (size_t row = 0; row < rows; row++)
                mixed |= _mm_shuffle_epi8(taken[row], _mm_load_si128((const __m128i *)places[v][row]));
            _mm_storeu_si128((__m128i *)(target + column * rows + v * 16), mixed);
        }
    }
}

#define FOR_ROWS(CALL, TYPE)                                                        \
    switch (rows) {                                                                 \
        case 2: CALL(2, (const TYPE *)source, stride, (TYPE *)target, whole); break; \
        case 3: CALL(3, (const TYPE *)source, stride, (TYPE *)target, whole); break; \
        case 4: CALL(4, (const TYPE *)source, stride, (TYPE *)target, whole); break; \
    }

// Gives false, and does nothing, where the matrix is none of these.
static _Bool interleave_rows(
    size_t width, const void *source, size_t stride, void *target, size_t rows, size_t columns) {
    if (rows < 2 || rows > MOST_ROWS || (width != 1 && width != 4)) return 0;
    size_t whole = columns / 16 * 16;
    if (width == 1) {
        FOR_ROWS(interleave_bytes, uint8_t)
    } else {
        FOR_ROWS(interleave_words, float)
    }
    qt_any_transpose_1x1__scalar(
        width, (const uint8_t *)source + whole * width, stride, (uint8_t *)target + whole * rows * width, rows, rows,
        columns - whole);
    return 1;
}
