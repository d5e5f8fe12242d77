#include "qt_f32_reduction.h"

#include <math.h>
#include <stdbool.h>

static float first(qt_reduction function, float x) {
    switch (function) {
        case QT_REDUCE_SUM_SQUARES: return x * x;
        case QT_REDUCE_SUM_ABS: return fabsf(x);
        default: return x;
    }
}

static float next(qt_reduction function, float result, float x) {
    switch (function) {
        case QT_REDUCE_SUM: return result + x;
        case QT_REDUCE_LOG_SUM_EXP:  // begins with the largest
        case QT_REDUCE_MAX: return result > x || result != result ? result : x;
        case QT_REDUCE_MIN: return result < x || result != result ? result : x;
        case QT_REDUCE_SUM_SQUARES: return result + x * x;
        case QT_REDUCE_SUM_ABS: return result + fabsf(x);
        case QT_REDUCE_PRODUCT: return result * x;
    }
    return result;
}

// The sum of exp(x - largest) over `count` numbers.
static float sum_of_weights(float largest, const float *x, size_t count) {
    float sum = 0;
    for (size_t index = 0; index < count; index++) sum += expf(x[index] - largest);
    return sum;
}

// The logarithm of a sum of exponentials, from the largest exponent and the sum of the weights beside it.
static float log_of_weights(float largest, float sum) { return isinf(largest) ? largest : largest + logf(sum); }

float qt_f32_reduce_along_1__scalar(qt_reduction function, const float *x, size_t count) {
    float result = first(function, x[0]);
    for (size_t index = 1; index < count; index++) result = next(function, result, x[index]);
    if (function != QT_REDUCE_LOG_SUM_EXP) return result;
    return log_of_weights(result, sum_of_weights(result, x, count));
}

void qt_f32_reduce_across_1__scalar(
    qt_reduction function, const float *const *rows, size_t count, float *y, size_t length) {
    for (size_t j = 0; j < length; j++) {
        float result = first(function, rows[0][j]);
        for (size_t row = 1; row < count; row++) result = next(function, result, rows[row][j]);
        if (function == QT_REDUCE_LOG_SUM_EXP) {
            float sum = 0;
            for (size_t row = 0; row < count; row++) sum += expf(rows[row][j] - result);
            result = log_of_weights(result, sum);
        }
        y[j] = result;
    }
}

void qt_f32_softmax_1__scalar(const float *x, float *y, size_t count) {
    float largest = x[0];
    for (size_t index = 1; index < count; index++) largest = next(QT_REDUCE_MAX, largest, x[index]);
    float sum = 0;
    for (size_t index = 0; index < count; index++) {
        y[index] = expf(x[index] - largest);
        sum += y[index];
    }
    float factor = 1 / sum;
    for (size_t index = 0; index < count; index++) y[index] *= factor;
}

void qt_f32_log_softmax_1__scalar(const float *x, float *y, size_t count) {
    if (count == 0) return;
    float largest = x[0];
    for (size_t index = 1; index < count; index++) largest = next(QT_REDUCE_MAX, largest, x[index]);
    float logarithm = logf(sum_of_weights(largest, x, count));
    for (size_t index = 0; index < count; index++) y[index] = x[index] - largest - logarithm;
}

void qt_f32_normalize_1__scalar(
    const float *x, const float *scale, const float *shift, float *y, size_t count, float epsilon, _Bool centers) {
    float mean = 0, squares = 0;
    if (centers) {
        for (size_t index = 0; index < count; index++) mean += x[index];
        mean /= (float)count;
    }
    for (size_t index = 0; index < count; index++) squares += (x[index] - mean) * (x[index] - mean);
    float inverse = 1 / sqrtf(squares / (float)count + epsilon);
    for (size_t index = 0; index < count; index++) {
        float result = (x[index] - mean) * inverse;
        if (scale != NULL) result *= scale[index];
        if (shift != NULL) result += shift[index];
        y[index] = result;
    }
}

static float neutral(qt_reduction function) {
    switch (function) {
        case QT_REDUCE_MAX: return -INFINITY;
        case QT_REDUCE_MIN: return INFINITY;
        case QT_REDUCE_PRODUCT: return 1;
        default: return 0;
    }
}

void qt_f32_window_down_1__scalar(qt_reduction function, const qt_window_row *row) {
    for (size_t place = 0; place < qt_window_span(row); place++) {
        float result = neutral(function);
        bool is_inside = place >= row->padding && place - row->padding < row->width;
        for (size_t r = 0; is_inside && r < row->row_count; r++) {
            result = next(function, result, row->rows[r][place - row->padding]);
        }
        row->scratch[place] = result;
    }
}

// What has been squared, or made positive, is only added up from there on.
static qt_reduction joining(qt_reduction function) {
    return function == QT_REDUCE_SUM_SQUARES || function == QT_REDUCE_SUM_ABS ? QT_REDUCE_SUM : function;
}

void qt_f32_window_across_1__scalar(qt_reduction function, const qt_window_row *row, float *y) {
    for (size_t j = 0; j < row->columns; j++) {
        float result = neutral(function);
        for (size_t tap = 0; tap < row->taps; tap++) {
            result = next(joining(function), result, row->scratch[j * row->stride + tap * row->dilation]);
        }
        y[j] = row->scales == NULL ? result : result * row->scales[j];
    }
}
