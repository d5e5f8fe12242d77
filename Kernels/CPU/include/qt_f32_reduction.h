// float32 reductions: along a row, and across rows.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum {
    QT_REDUCE_SUM,
    QT_REDUCE_MAX,         // NaN where any is NaN
    QT_REDUCE_MIN,         // NaN where any is NaN
    QT_REDUCE_SUM_SQUARES,
    QT_REDUCE_SUM_ABS,
    QT_REDUCE_PRODUCT,
    QT_REDUCE_LOG_SUM_EXP, // log of the sum of exp(x), which no large x makes infinite; not under windows
} qt_reduction;

// A row of windows over a plane: what lies `stride` further right for each result, `taps` elements `dilation` apart.
// Elements left of the image's first (`padding` of them) and right of its last count for nothing.
typedef struct {
    const float *const *rows;  // of the image, those that the windows show
    size_t row_count;          // may be 0
    size_t width;              // floats of a row
    size_t taps, dilation, stride, padding;
    size_t columns;            // windows
    const float *scales;       // what each result is multiplied by; NULL for 1
    float *scratch;            // qt_window_room floats
} qt_window_row;

// Elements that the windows span.
static inline size_t qt_window_span(const qt_window_row *row) {
    return (row->columns - 1) * row->stride + (row->taps - 1) * row->dilation + 1;
}

// With what whole registers of windows read behind them.
static inline size_t qt_window_room(const qt_window_row *row) { return qt_window_span(row) + 16 * row->stride + 32; }

typedef struct {
    const char *name;
    uint32_t isa;
    // One number from `count` consecutive ones, `count` at least 1.
    float (*along)(qt_reduction function, const float *x, size_t count);
    // y[j] = reduction over r of rows[r][j], taken in the order of r; `count` rows, at least 1, of `length` numbers.
    void (*across)(qt_reduction function, const float *const *rows, size_t count, float *y, size_t length);
    // y = exp(x - max(x)) / sum of that; x and y may be the same.
    void (*softmax)(const float *x, float *y, size_t count);
    // y = x - max(x) - log(sum of exp(x - max(x))); x and y may be the same.
    void (*log_softmax)(const float *x, float *y, size_t count);
    // y = (x - m) / sqrt(v + epsilon) * scale + shift with m the mean of x and v the mean of (x - m)^2; without
    // `centers` m is 0. A `scale` of NULL is 1, a `shift` of NULL 0; x and y may be the same.
    void (*normalize)(
        const float *x, const float *scale, const float *shift, float *y, size_t count, float epsilon, _Bool centers);
    // y[j] = reduction over what the window number j shows; what reduces nothing where that is nothing. In two steps,
    // between which other rows are best taken: down the image's rows into the scratch, and across that into y.
    void (*window_down)(qt_reduction function, const qt_window_row *row);
    void (*window_across)(qt_reduction function, const qt_window_row *row, float *y);
} qt_f32_reduction_row;

const qt_f32_reduction_row *qt_f32_reduction_table(size_t *count);

#define QT_DECLARE_REDUCTION(SUFFIX) \
    float qt_f32_reduce_along_##SUFFIX(qt_reduction function, const float *x, size_t count); \
    void qt_f32_reduce_across_##SUFFIX( \
        qt_reduction function, const float *const *rows, size_t count, float *y, size_t length); \
    void qt_f32_softmax_##SUFFIX(const float *x, float *y, size_t count); \
    void qt_f32_log_softmax_##SUFFIX(const float *x, float *y, size_t count); \
    void qt_f32_normalize_##SUFFIX( \
        const float *x, const float *scale, const float *shift, float *y, size_t count, float epsilon, _Bool centers); \
    void qt_f32_window_down_##SUFFIX(qt_reduction function, const qt_window_row *row); \
    void qt_f32_window_across_##SUFFIX(qt_reduction function, const qt_window_row *row, float *y);

QT_DECLARE_REDUCTION(16__avx512)
QT_DECLARE_REDUCTION(8__avx2)
QT_DECLARE_REDUCTION(1__scalar)
