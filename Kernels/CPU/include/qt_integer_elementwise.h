// Quantize, dequantize, requantize, and integer arithmetic on whole runs of elements.
//
// Float steps are single rounded operations in the order that each comment gives; values are clamped before they are
// rounded, half to even, so every instruction set gives the same bits. NaN becomes the lower bound.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "qt_isa.h"

typedef enum { QT_U8 = 0, QT_S8 = 1, QT_U16 = 2, QT_S16 = 3, QT_S32 = 4 } qt_integer_type;

// Bounds are those of the output integer less its zero point.
typedef struct {
    float lower, upper;
    int32_t zero_point;
} qt_integer_target;

// An operand `(x - zero_point) * ratio`; with `is_scalar` its first element stands for the whole run.
typedef struct {
    const uint8_t *values;
    int32_t zero_point;
    float ratio;
    int32_t is_scalar;
} qt_integer_operand;

// Windows of a pooling over NHWC bytes.
typedef struct {
    const uint8_t *const *taps;  // pixels under the window
    size_t tap_count, channels;
} qt_integer_pool;

typedef struct {
    const char *name;
    uint32_t isa;
    // out = round(clamp(x / scale)) + zero_point
    void (*quantize)(const float *x, size_t count, float scale, qt_integer_target target, int type, void *out);
    // The same with a scale, bounds and a zero point for each of `count` elements.
    void (*quantize_each)(
        const float *x, size_t count, const float *scales, const float *lowers, const float *uppers,
        const int32_t *zero_points, int type, void *out);
    // out = float(x - zero_point) * scale
    void (*dequantize)(const void *x, size_t count, int type, float scale, int32_t zero_point, float *out);
    void (*dequantize_each)(
        const void *x, size_t count, int type, const float *scales, const int32_t *zero_points, float *out);
    // out = round(clamp(float(x - from_zero) * ratio)) + zero_point; bytes, or s32 to bytes
    void (*requantize)(
        const void *x, size_t count, int from, int32_t from_zero, float ratio, qt_integer_target target, int to,
        void *out);
    // out = round(clamp(float(a - za) * ratio_a + float(b - zb) * ratio_b)) + zero_point; operands and out of `type`
    void (*add)(
        qt_integer_operand a, qt_integer_operand b, size_t count, qt_integer_target target, int type, void *out);
    // out = round(clamp(float((a - za) * (b - zb)) * a.ratio)) + zero_point
    void (*multiply)(
        qt_integer_operand a, qt_integer_operand b, size_t count, qt_integer_target target, int type, void *out);
    void (*lookup)(const uint8_t *x, size_t count, const uint8_t *table, uint8_t *out);
    // out = round(clamp(float(sum of (x - from_zero)) * ratio)) + zero_point; `sums` is scratch for `channels`
    void (*pool_average)(
        qt_integer_pool pool, int type, int32_t from_zero, float ratio, qt_integer_target target, int to, int32_t *sums,
        uint8_t *out);
    // Smallest and largest, NaN left out; `bounds` holds the values so far.
    void (*range)(const float *x, size_t count, float bounds[2]);
} qt_integer_elementwise_kernel;

// Row `index` of the table, best first, the scalar reference last; NULL past the end.
const qt_integer_elementwise_kernel *qt_integer_elementwise_row(size_t index);
