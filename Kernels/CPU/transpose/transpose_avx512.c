#include "qt_transpose.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2"))), apply_to = function)

static inline __mmask16 first_lanes(size_t count) { return count >= 16 ? 0xFFFF : (__mmask16)((1u << count) - 1); }

// Up to 16 x 16 elements of 4 bytes: whole cache lines of the target, which may all fall on the same places of the cache.
static inline __attribute__((always_inline)) void transpose_16x16(
    const float *source, size_t source_stride, float *target, size_t target_stride, size_t rows, size_t columns,
    const bool whole) {
    __m512 row[16], pair[16], quad[16];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 16; i++) {
        row[i] = whole ? _mm512_loadu_ps(source + i * source_stride)
                       : _mm512_maskz_loadu_ps(i < rows ? first_lanes(columns) : 0, source + i * source_stride);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 2) {
        pair[i] = _mm512_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm512_unpackhi_ps(row[i], row[i + 1]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 4) {
        quad[i] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0x44);
        quad[i + 1] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0xEE);
        quad[i + 2] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        quad[i + 3] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0xEE);
    }
    // Lane block b of quad[4 * g + c] is column 4 * b + c of the rows from 4 * g on.
#pragma clang loop unroll(full)
    for (int c = 0; c < 4; c++) {
        __m512 even_low = _mm512_shuffle_f32x4(quad[c], quad[4 + c], 0x88);
        __m512 odd_low = _mm512_shuffle_f32x4(quad[c], quad[4 + c], 0xDD);
        __m512 even_high = _mm512_shuffle_f32x4(quad[8 + c], quad[12 + c], 0x88);
        __m512 odd_high = _mm512_shuffle_f32x4(quad[8 + c], quad[12 + c], 0xDD);
        row[c] = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
        row[8 + c] = _mm512_shuffle_f32x4(even_low, even_high, 0xDD);
        row[4 + c] = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
        row[12 + c] = _mm512_shuffle_f32x4(odd_low, odd_high, 0xDD);
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 16; i++) {
        if (whole)
            _mm512_storeu_ps(target + i * target_stride, row[i]);
        else if (i < columns)
            _mm512_mask_storeu_ps(target + i * target_stride, first_lanes(rows), row[i]);
    }
}

static inline void move_block(
    const float *source, size_t source_stride, float *target, size_t target_stride, size_t rows, size_t columns) {
    if (rows >= 16 && columns >= 16)
        transpose_16x16(source, source_stride, target, target_stride, 16, 16, true);
    else
        transpose_16x16(source, source_stride, target, target_stride, rows, columns, false);
}

void qt_any_transpose_16x16__avx512(
    size_t width, const void *source, size_t source_stride, void *target, size_t target_stride, size_t rows,
    size_t columns) {
    if (width != 4 || rows < 16 || columns < 16) {
        qt_any_transpose_8x8__avx2(width, source, source_stride, target, target_stride, rows, columns);
        return;
    }
    const float *from = source;
    float *to = target;
    // Rows of the target that fall on the same places of the cache are written few at a time.
    if (target_stride % 256 == 0) {
        for (size_t j = 0; j < columns; j += 16) {
            for (size_t i = 0; i < rows; i += 16) {
                move_block(
                    from + i * source_stride + j, source_stride, to + j * target_stride + i, target_stride, rows - i,
                    columns - j);
            }
        }
    } else {
        for (size_t i = 0; i < rows; i += 16) {
            for (size_t j = 0; j < columns; j += 16) {
                move_block(
                    from + i * source_stride + j, source_stride, to + j * target_stride + i, target_stride, rows - i,
                    columns - j);
            }
        }
    }
}

#pragma clang attribute pop

#endif
