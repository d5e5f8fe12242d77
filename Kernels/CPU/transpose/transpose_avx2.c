#include "qt_transpose.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

// 8 x 8 elements of 4 bytes.
static inline void transpose_8x8(const float *source, size_t source_stride, float *target, size_t target_stride) {
    __m256 row[8], pair[8], quad[8];
    for (int i = 0; i < 8; i++) row[i] = _mm256_loadu_ps(source + (size_t)i * source_stride);
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        quad[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
        quad[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xEE);
        quad[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        quad[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xEE);
    }
    for (int i = 0; i < 4; i++) {
        __m256 low = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20);
        __m256 high = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31);
        _mm256_storeu_ps(target + (size_t)i * target_stride, low);
        _mm256_storeu_ps(target + (size_t)(i + 4) * target_stride, high);
    }
}

// 16 x 16 elements of 1 byte: four rounds that each interleave row i with row i + 8.
static inline void transpose_16x16(
    const uint8_t *source, size_t source_stride, uint8_t *target, size_t target_stride) {
    __m128i rows[16], mixed[16];
    for (int i = 0; i < 16; i++) rows[i] = _mm_loadu_si128((const __m128i *)(source + (size_t)i * source_stride));
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 8; i++) {
            mixed[2 * i] = _mm_unpacklo_epi8(rows[i], rows[i + 8]);
            mixed[2 * i + 1] = _mm_unpackhi_epi8(rows[i], rows[i + 8]);
        }
        for (int i = 0; i < 16; i++) rows[i] = mixed[i];
    }
    for (int i = 0; i < 16; i++) _mm_storeu_si128((__m128i *)(target + (size_t)i * target_stride), rows[i]);
}

#include "transpose_narrow.h"

// Whole blocks, then what is left at the right and at the bottom.
#define QT_BLOCKS(TYPE, WIDTH, SIDE, BLOCK) \
    do { \
        const TYPE *from = source; \
        TYPE *to = target; \
        size_t whole_rows = rows / SIDE * SIDE, whole_columns = columns / SIDE * SIDE; \
        for (size_t i = 0; i < whole_rows; i += SIDE) { \
            for (size_t j = 0; j < whole_columns; j += SIDE) { \
                BLOCK(from + i * source_stride + j, source_stride, to + j * target_stride + i, target_stride); \
            } \
        } \
        qt_any_transpose_1x1__scalar(WIDTH, from + whole_columns, source_stride, to + whole_columns * target_stride, \
                                     target_stride, whole_rows, columns - whole_columns); \
        qt_any_transpose_1x1__scalar(WIDTH, from + whole_rows * source_stride, source_stride, to + whole_rows, \
                                     target_stride, rows - whole_rows, columns); \
    } while (0)

void qt_any_transpose_8x8__avx2(
    size_t width, const void *source, size_t source_stride, void *target, size_t target_stride, size_t rows,
    size_t columns) {
    if (rows == target_stride && interleave_rows(width, source, source_stride, target, rows, columns)) return;
    switch (width) {
        case 1: QT_BLOCKS(uint8_t, 1, 16, transpose_16x16); break;
        case 4: QT_BLOCKS(float, 4, 8, transpose_8x8); break;
        default:
            qt_any_transpose_1x1__scalar(width, source, source_stride, target, target_stride, rows, columns);
    }
}

#pragma clang attribute pop

#endif
