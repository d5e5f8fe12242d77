// Weighted sums of rows and of elements of a row: what resizing an axis of float32 numbers is made of.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The elements of a row that each element of a longer or shorter row is made of: element j of the result is the sum
// over t of weights[t * length + j] * x[indices[t * length + j]]. Products with a weight of 0 do not count, whatever x.
typedef struct {
    const int32_t *indices;
    // NULL where the one tap is copied as it is.
    const float *weights;
    size_t taps;
    // Elements of the row that is read, and of the one that results.
    size_t width, length;
} qt_resample_taps;

typedef struct {
    const char *name;
    uint32_t isa;
    // y[j] = sum over t of weights[t] * rows[t][j].
    void (*across)(const float *const *rows, const float *weights, size_t taps, float *y, size_t length);
    // Resamples row after row: x[r] to y[r], which do not overlap.
    void (*along)(const float *const *x, float *const *y, size_t rows, const qt_resample_taps *taps);
    // The same for a row of pixels of `channels` floats each.
    void (*pixels)(const float *x, float *y, size_t channels, const qt_resample_taps *taps);
} qt_f32_resample_row;

const qt_f32_resample_row *qt_f32_resample_table(size_t *count);

#define QT_DECLARE_RESAMPLE(SUFFIX) \
    void qt_f32_resample_across_##SUFFIX( \
        const float *const *rows, const float *weights, size_t taps, float *y, size_t length); \
    void qt_f32_resample_along_##SUFFIX( \
        const float *const *x, float *const *y, size_t rows, const qt_resample_taps *taps); \
    void qt_f32_resample_pixels_##SUFFIX(const float *x, float *y, size_t channels, const qt_resample_taps *taps);

QT_DECLARE_RESAMPLE(16__avx512)
QT_DECLARE_RESAMPLE(8__avx2)
QT_DECLARE_RESAMPLE(1__scalar)
