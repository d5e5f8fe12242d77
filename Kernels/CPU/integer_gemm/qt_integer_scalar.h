// The meaning of the epilogues, one element at a time. Vector kernels do the same operations in the same order.
#pragma once

#include <string.h>

#include "qt_integer_gemm.h"

#pragma STDC FP_CONTRACT OFF

// The nearest integer, ties to even, of a value within +-2^22: adding 1.5 * 2^23 leaves it in the low bits.
static inline int32_t qt_round_half_even(float value) {
    float shifted = value + 12582912.0f;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return bits - 0x4B400000;
}

// The comparisons are those of `maxps` and `minps`: NaN becomes `lower`.
static inline float qt_clamp(float value, float lower, float upper) {
    float floored = value > lower ? value : lower;
    return floored < upper ? floored : upper;
}

// The same for results that stay float: NaN stays NaN.
static inline float qt_clamp_float(float value, float lower, float upper) {
    float floored = lower > value ? lower : value;
    return upper < floored ? upper : floored;
}

// What is requantized, plus the element of the addend.
static inline float qt_with_addend(const qt_epilogue *e, float scaled, uint8_t byte) {
    const qt_epilogue_addend *a = &e->addend;
    float own = (float)qt_round_half_even(qt_clamp(scaled, a->own_lower, a->own_upper)) * a->own_ratio;
    int32_t value = e->kind == QT_EPILOGUE_REQUANTIZE_U8 ? (int32_t)byte : (int32_t)(int8_t)byte;
    float other = (float)(value - a->zero_point) * a->ratio;
    return own + other;
}

// `sum` of `column` into element `index` of `out`; `addend` is the row of elements to add, or NULL.
static inline void qt_epilogue_store(
    const qt_epilogue *e, int32_t sum, size_t column, const void *addend, void *out, size_t index) {
    if (e->kind == QT_EPILOGUE_ACCUMULATORS) {
        ((int32_t *)out)[index] = sum;
    } else if (e->kind == QT_EPILOGUE_DEQUANTIZE) {
        float scaled = (float)sum * e->scales[column];
        float value = scaled + e->biases[column];
        if (addend) value = value + ((const float *)addend)[index];
        value = qt_clamp_float(value, e->lower, e->upper);
        ((float *)out)[index] = value;
        if (e->range && value < e->range[0]) e->range[0] = value;
        if (e->range && value > e->range[QT_EPILOGUE_RANGE]) e->range[QT_EPILOGUE_RANGE] = value;
    } else {
        float scaled = (float)sum * e->scales[column];
        if (addend) scaled = qt_with_addend(e, scaled, ((const uint8_t *)addend)[index]);
        scaled = qt_clamp(scaled, e->lower, e->upper);
        ((uint8_t *)out)[index] = (uint8_t)(qt_round_half_even(scaled) + e->zero_point);
    }
}
