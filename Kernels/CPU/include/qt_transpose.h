// Transposes of matrices of any element.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name;
    uint32_t isa;
    // target[j][i] = source[i][j] for i < rows, j < columns; strides in elements of `width` bytes (1, 2, 4, 8, 16).
    void (*run)(size_t width, const void *source, size_t source_stride, void *target, size_t target_stride,
                size_t rows, size_t columns);
} qt_transpose_row;

const qt_transpose_row *qt_transpose_table(size_t *count);

void qt_any_transpose_16x16__avx512(
    size_t width, const void *source, size_t source_stride, void *target, size_t target_stride, size_t rows,
    size_t columns);
void qt_any_transpose_8x8__avx2(
    size_t width, const void *source, size_t source_stride, void *target, size_t target_stride, size_t rows,
    size_t columns);
void qt_any_transpose_1x1__scalar(
    size_t width, const void *source, size_t source_stride, void *target, size_t target_stride, size_t rows,
    size_t columns);
