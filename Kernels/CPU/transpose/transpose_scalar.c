#include "qt_transpose.h"

// Rows and columns of a block, which stays in the first-level cache.
enum { BLOCK = 16 };

typedef struct {
    uint64_t halves[2];
} wide;

#define QT_TRANSPOSE(NAME, TYPE) \
    static void NAME(const TYPE *source, size_t source_stride, TYPE *target, size_t target_stride, size_t rows, \
                     size_t columns) { \
        for (size_t top = 0; top < rows; top += BLOCK) { \
            size_t bottom = top + BLOCK < rows ? top + BLOCK : rows; \
            for (size_t left = 0; left < columns; left += BLOCK) { \
                size_t right = left + BLOCK < columns ? left + BLOCK : columns; \
                for (size_t j = left; j < right; j++) { \
                    for (size_t i = top; i < bottom; i++) { \
                        target[j * target_stride + i] = source[i * source_stride + j]; \
                    } \
                } \
            } \
        } \
    }

QT_TRANSPOSE(transpose_1, uint8_t)
QT_TRANSPOSE(transpose_2, uint16_t)
QT_TRANSPOSE(transpose_4, uint32_t)
QT_TRANSPOSE(transpose_8, uint64_t)
QT_TRANSPOSE(transpose_16, wide)

void qt_any_transpose_1x1__scalar(
    size_t width, const void *source, size_t source_stride, void *target, size_t target_stride, size_t rows,
    size_t columns) {
    switch (width) {
        case 1: transpose_1(source, source_stride, target, target_stride, rows, columns); break;
        case 2: transpose_2(source, source_stride, target, target_stride, rows, columns); break;
        case 4: transpose_4(source, source_stride, target, target_stride, rows, columns); break;
        case 8: transpose_8(source, source_stride, target, target_stride, rows, columns); break;
        case 16: transpose_16(source, source_stride, target, target_stride, rows, columns); break;
    }
}
