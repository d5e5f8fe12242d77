#include "qt_f32_elementwise.h"

#include <math.h>

static float clip(float x, float lower, float upper) {
    x = x < lower ? lower : x;
    return x > upper ? upper : x;
}

static float softplus(float x) { return fmaxf(x, 0) + log1pf(expf(-fabsf(x))); }

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

static float gelu_tanh(float x) { return 0.5f * x * (1 + tanhf(0.7978845608f * (x + 0.044715f * x * x * x))); }

#define QT_EACH(FUNCTION, EXPRESSION) \
    case FUNCTION: \
        for (size_t index = 0; index < count; index++) { \
            float v = x[index]; \
            y[index] = EXPRESSION; \
        } \
        break;

void qt_f32_unary_1__scalar(qt_unary function, const float *x, float *y, size_t count, float alpha, float beta) {
    switch (function) {
        QT_EACH(QT_UNARY_RELU, v < 0 ? 0 : v)
        QT_EACH(QT_UNARY_CLIP, clip(v, alpha, beta))
        QT_EACH(QT_UNARY_LEAKY_RELU, v < 0 ? alpha * v : v)
        QT_EACH(QT_UNARY_ELU, v < 0 ? alpha * expm1f(v) : v)
        QT_EACH(QT_UNARY_SELU, beta * (v < 0 ? alpha * expm1f(v) : v))
        QT_EACH(QT_UNARY_CELU, v < 0 ? alpha * expm1f(v / alpha) : v)
        QT_EACH(QT_UNARY_THRESHOLD, v > alpha ? v : v != v ? v : 0)
        QT_EACH(QT_UNARY_SOFTSIGN, v / (1 + fabsf(v)))
        QT_EACH(QT_UNARY_AFFINE, alpha * v + beta)
        QT_EACH(QT_UNARY_ABS, fabsf(v))
        QT_EACH(QT_UNARY_NEG, -v)
        QT_EACH(QT_UNARY_SQRT, sqrtf(v))
        QT_EACH(QT_UNARY_RECIPROCAL, 1 / v)
        QT_EACH(QT_UNARY_FLOOR, floorf(v))
        QT_EACH(QT_UNARY_CEIL, ceilf(v))
        QT_EACH(QT_UNARY_ROUND, rintf(v))
        QT_EACH(QT_UNARY_SIGN, v > 0 ? 1 : v < 0 ? -1 : v)
        QT_EACH(QT_UNARY_HARD_SIGMOID, clip(alpha * v + beta, 0, 1))
        QT_EACH(QT_UNARY_HARD_SWISH, v * clip(v / 6 + 0.5f, 0, 1))
        QT_EACH(QT_UNARY_SIN, sinf(v))
        QT_EACH(QT_UNARY_COS, cosf(v))
        QT_EACH(QT_UNARY_EXP, expf(v))
        QT_EACH(QT_UNARY_LOG, logf(v))
        QT_EACH(QT_UNARY_SIGMOID, sigmoid(v))
        QT_EACH(QT_UNARY_SILU, v / (1 + expf(-v)))
        QT_EACH(QT_UNARY_TANH, tanhf(v))
        QT_EACH(QT_UNARY_ERF, erff(v))
        QT_EACH(QT_UNARY_GELU, 0.5f * v * erfcf(-0.70710678f * v))
        QT_EACH(QT_UNARY_GELU_TANH, gelu_tanh(v))
        QT_EACH(QT_UNARY_SOFTPLUS, softplus(v))
        QT_EACH(QT_UNARY_MISH, v * tanhf(softplus(v)))
    }
}

#define QT_PAIRS(FUNCTION, EXPRESSION) \
    case FUNCTION: \
        for (size_t index = 0; index < count; index++) { \
            float u = a[operands == QT_FIRST_IS_ONE ? 0 : index]; \
            float v = b[operands == QT_SECOND_IS_ONE ? 0 : index]; \
            y[index] = EXPRESSION; \
        } \
        break;

void qt_f32_binary_1__scalar(
    qt_binary function, qt_operands operands, const float *a, const float *b, float *y, size_t count) {
    switch (function) {
        QT_PAIRS(QT_BINARY_ADD, u + v)
        QT_PAIRS(QT_BINARY_SUB, u - v)
        QT_PAIRS(QT_BINARY_MUL, u * v)
        QT_PAIRS(QT_BINARY_DIV, u / v)
        QT_PAIRS(QT_BINARY_MAX, u > v || u != u ? u : v)
        QT_PAIRS(QT_BINARY_MIN, u < v || u != u ? u : v)
        QT_PAIRS(QT_BINARY_POW, powf(u, v))
        QT_PAIRS(QT_BINARY_PRELU, u < 0 ? v * u : u)
        QT_PAIRS(QT_BINARY_OVERRIDE, v == 0 ? u : v)
        QT_PAIRS(QT_BINARY_REMAINDER, fmodf(u, v))
    }
}

void qt_f32_rotate_1__scalar(
    const float *x, const float *cosines, const float *sines, float *y, size_t pairs, _Bool are_neighbours) {
    for (size_t pair = 0; pair < pairs; pair++) {
        size_t first = are_neighbours ? 2 * pair : pair;
        size_t second = are_neighbours ? first + 1 : first + pairs;
        float a = x[first], b = x[second];
        y[first] = a * cosines[pair] - b * sines[pair];
        y[second] = a * sines[pair] + b * cosines[pair];
    }
}
