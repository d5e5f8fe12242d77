// The loops of every element-wise row. Each integer_elementwise_<isa>.c includes this text once, under its own
// instruction set, and the compiler makes vectors of it; all float steps are single operations, so the bits agree.

#include <string.h>

#include "qt_integer_elementwise.h"

#pragma STDC FP_CONTRACT OFF

// The comparisons are those of `maxps` and `minps` (NaN becomes `lower`). Bounds lie within +-2^22, where adding
// 1.5 * 2^23 rounds half to even and leaves the integer in the low bits.
static inline int32_t to_integer(float value, float lower, float upper, int32_t zero_point) {
    float floored = value > lower ? value : lower;
    float clamped = floored < upper ? floored : upper;
    float shifted = clamped + 12582912.0f;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return bits - 0x4B400000 + zero_point;
}

#define NARROW_TYPES(X) X(QT_U8, uint8_t) X(QT_S8, int8_t)
#define QUANTIZED_TYPES(X) NARROW_TYPES(X) X(QT_U16, uint16_t) X(QT_S16, int16_t)
#define ALL_TYPES(X) QUANTIZED_TYPES(X) X(QT_S32, int32_t)

static void quantize(const float *x, size_t count, float scale, qt_integer_target t, int type, void *out) {
#define CASE(TAG, T)                                                                         \
    case TAG:                                                                                \
        for (size_t i = 0; i < count; i++)                                                   \
            ((T *)out)[i] = (T)to_integer(x[i] / scale, t.lower, t.upper, t.zero_point);     \
        break;
    switch (type) { QUANTIZED_TYPES(CASE) }
#undef CASE
}

static void quantize_each(
    const float *x, size_t count, const float *scales, const float *lowers, const float *uppers,
    const int32_t *zero_points, int type, void *out) {
#define CASE(TAG, T)                                                                               \
    case TAG:                                                                                      \
        for (size_t i = 0; i < count; i++)                                                         \
            ((T *)out)[i] = (T)to_integer(x[i] / scales[i], lowers[i], uppers[i], zero_points[i]); \
        break;
    switch (type) { QUANTIZED_TYPES(CASE) }
#undef CASE
}

static inline float widened(int32_t value, int32_t zero_point) {
    return (float)(int32_t)((uint32_t)value - (uint32_t)zero_point);
}

static void dequantize(const void *x, size_t count, int type, float scale, int32_t zero_point, float *out) {
#define CASE(TAG, T)                                                                                      \
    case TAG:                                                                                             \
        for (size_t i = 0; i < count; i++) out[i] = widened(((const T *)x)[i], zero_point) * scale;       \
        break;
    switch (type) { ALL_TYPES(CASE) }
#undef CASE
}

static void dequantize_each(
    const void *x, size_t count, int type, const float *scales, const int32_t *zero_points, float *out) {
#define CASE(TAG, T)                                                                                           \
    case TAG:                                                                                                  \
        for (size_t i = 0; i < count; i++) out[i] = widened(((const T *)x)[i], zero_points[i]) * scales[i];    \
        break;
    switch (type) { ALL_TYPES(CASE) }
#undef CASE
}

static void requantize(
    const void *x, size_t count, int from, int32_t from_zero, float ratio, qt_integer_target t, int to, void *out) {
#define CASE(TAG, T)                                                                                              \
    case TAG:                                                                                                     \
        if (to == QT_U8)                                                                                          \
            for (size_t i = 0; i < count; i++)                                                                    \
                ((uint8_t *)out)[i] = (uint8_t)to_integer(                                                        \
                    widened(((const T *)x)[i], from_zero) * ratio, t.lower, t.upper, t.zero_point);               \
        else                                                                                                      \
            for (size_t i = 0; i < count; i++)                                                                    \
                ((int8_t *)out)[i] = (int8_t)to_integer(                                                          \
                    widened(((const T *)x)[i], from_zero) * ratio, t.lower, t.upper, t.zero_point);               \
        break;
    switch (from) { ALL_TYPES(CASE) }
#undef CASE
}

// One loop for each way in which operands may be scalar: `A` and `B` are the index of the operand's element.
#define OPERAND_LOOPS(LOOP)                                  \
    if (a.is_scalar)                                         \
        LOOP(0, i)                                           \
    else if (b.is_scalar)                                    \
        LOOP(i, 0)                                           \
    else                                                     \
        LOOP(i, i)

static void add(qt_integer_operand a, qt_integer_operand b, size_t count, qt_integer_target t, int type, void *out) {
#define CASE(TAG, T)                                                                                          \
    case TAG: {                                                                                               \
        const T *x = (const T *)a.values, *y = (const T *)b.values;                                           \
        OPERAND_LOOPS(LOOP)                                                                                   \
        break;                                                                                                \
    }
#define LOOP(A, B)                                                                                            \
    for (size_t i = 0; i < count; i++) {                                                                      \
        float left = (float)(x[A] - a.zero_point) * a.ratio;                                                  \
        float right = (float)(y[B] - b.zero_point) * b.ratio;                                                 \
        float sum = left + right;                                                                             \
        ((uint8_t *)out)[i] = (uint8_t)to_integer(sum, t.lower, t.upper, t.zero_point);                       \
    }
    switch (type) { NARROW_TYPES(CASE) }
#undef LOOP
}

static void multiply(
    qt_integer_operand a, qt_integer_operand b, size_t count, qt_integer_target t, int type, void *out) {
#define LOOP(A, B)                                                                                            \
    for (size_t i = 0; i < count; i++) {                                                                      \
        float product = (float)((x[A] - a.zero_point) * (y[B] - b.zero_point)) * a.ratio;                     \
        ((uint8_t *)out)[i] = (uint8_t)to_integer(product, t.lower, t.upper, t.zero_point);                   \
    }
    switch (type) { NARROW_TYPES(CASE) }
#undef LOOP
#undef CASE
}

static inline void lookup(const uint8_t *x, size_t count, const uint8_t *table, uint8_t *out) {
    for (size_t i = 0; i < count; i++) out[i] = table[x[i]];
}

static void pool_average(
    qt_integer_pool pool, int type, int32_t from_zero, float ratio, qt_integer_target target, int to, int32_t *sums,
    uint8_t *out) {
    int32_t start = (int32_t)(0u - (uint32_t)from_zero * (uint32_t)pool.tap_count);
    for (size_t i = 0; i < pool.channels; i++) sums[i] = start;
#define CASE(TAG, T)                                                                             \
    case TAG:                                                                                    \
        for (size_t tap = 0; tap < pool.tap_count; tap++) {                                      \
            const T *x = (const T *)pool.taps[tap];                                              \
            for (size_t i = 0; i < pool.channels; i++) sums[i] += x[i];                          \
        }                                                                                        \
        break;
    switch (type) { NARROW_TYPES(CASE) }
#undef CASE
    requantize(sums, pool.channels, QT_S32, 0, ratio, target, to, out);
}

static void range(const float *x, size_t count, float bounds[2]) {
    enum { LANES = 32 };
    float low[LANES], high[LANES];
    for (size_t j = 0; j < LANES; j++) {
        low[j] = bounds[0];
        high[j] = bounds[1];
    }
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t j = 0; j < LANES; j++) {
            low[j] = x[i + j] < low[j] ? x[i + j] : low[j];
            high[j] = x[i + j] > high[j] ? x[i + j] : high[j];
        }
    for (size_t j = 0; i + j < count; j++) {
        low[j] = x[i + j] < low[j] ? x[i + j] : low[j];
        high[j] = x[i + j] > high[j] ? x[i + j] : high[j];
    }
    for (size_t j = 0; j < LANES; j++) {
        bounds[0] = low[j] < bounds[0] ? low[j] : bounds[0];
        bounds[1] = high[j] > bounds[1] ? high[j] : bounds[1];
    }
}

// BYTES is the ending of the names of an instruction set's own loops over bytes, or nothing.
#define ELEMENTWISE_ROW(NAME, ISA, BYTES, LOOKUP)         \
    const qt_integer_elementwise_kernel NAME = {          \
        .name = #NAME,                                    \
        .isa = ISA,                                       \
        .quantize = quantize##BYTES,                      \
        .quantize_each = quantize_each,                   \
        .dequantize = dequantize##BYTES,                  \
        .dequantize_each = dequantize_each,               \
        .requantize = requantize##BYTES,                  \
        .add = add##BYTES,                                \
        .multiply = multiply##BYTES,                      \
        .lookup = LOOKUP,                                 \
        .pool_average = pool_average,                     \
        .range = range,                                   \
    }
