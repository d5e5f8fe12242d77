// float32 functions of one and of two arrays.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum {
    QT_UNARY_RELU,           // NaN stays NaN in all of these
    QT_UNARY_CLIP,           // min(max(x, alpha), beta)
    QT_UNARY_LEAKY_RELU,     // x < 0 ? alpha * x : x
    QT_UNARY_ELU,            // x < 0 ? alpha * (exp(x) - 1) : x
    QT_UNARY_SELU,           // beta * (x < 0 ? alpha * (exp(x) - 1) : x)
    QT_UNARY_CELU,           // x < 0 ? alpha * (exp(x / alpha) - 1) : x
    QT_UNARY_THRESHOLD,      // x > alpha ? x : 0
    QT_UNARY_SOFTSIGN,       // x / (1 + |x|)
    QT_UNARY_AFFINE,         // alpha * x + beta
    QT_UNARY_ABS,
    QT_UNARY_NEG,
    QT_UNARY_SQRT,
    QT_UNARY_RECIPROCAL,
    QT_UNARY_FLOOR,
    QT_UNARY_CEIL,
    QT_UNARY_ROUND,          // half to even
    QT_UNARY_SIGN,
    QT_UNARY_HARD_SIGMOID,   // min(max(alpha * x + beta, 0), 1)
    QT_UNARY_HARD_SWISH,     // x * min(max(x / 6 + 0.5, 0), 1)
    QT_UNARY_SIN,
    QT_UNARY_COS,
    QT_UNARY_EXP,
    QT_UNARY_LOG,
    QT_UNARY_SIGMOID,
    QT_UNARY_SILU,
    QT_UNARY_TANH,
    QT_UNARY_ERF,
    QT_UNARY_GELU,           // 0.5 * x * (1 + erf(x / sqrt(2)))
    QT_UNARY_GELU_TANH,      // 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))
    QT_UNARY_SOFTPLUS,       // log(1 + exp(x))
    QT_UNARY_MISH,           // x * tanh(softplus(x))
} qt_unary;

typedef enum {
    QT_BINARY_ADD,
    QT_BINARY_SUB,
    QT_BINARY_MUL,
    QT_BINARY_DIV,
    QT_BINARY_MAX,   // NaN where either is NaN
    QT_BINARY_MIN,   // NaN where either is NaN
    QT_BINARY_POW,
    QT_BINARY_PRELU, // a < 0 ? b * a : a
    QT_BINARY_OVERRIDE, // b == 0 ? a : b
    QT_BINARY_REMAINDER, // of the division truncated to an integer, exact, of the sign of a
} qt_binary;

// Which operand of a binary function is one number for all elements.
typedef enum { QT_BOTH_ARRAYS, QT_SECOND_IS_ONE, QT_FIRST_IS_ONE } qt_operands;

// Outputs may be the inputs themselves; they may not overlap them otherwise. Only the named floats are touched.
typedef struct {
    const char *name;
    uint32_t isa;
    void (*unary)(qt_unary function, const float *x, float *y, size_t count, float alpha, float beta);
    void (*binary)(qt_binary function, qt_operands operands, const float *a, const float *b, float *y, size_t count);
    // Turns each pair (a, b) of x by an angle: (a * cosine - b * sine, a * sine + b * cosine). The elements of a pair are
    // neighbours, or `pairs` apart. y may not be x.
    void (*rotate)(
        const float *x, const float *cosines, const float *sines, float *y, size_t pairs, _Bool are_neighbours);
} qt_f32_elementwise_row;

const qt_f32_elementwise_row *qt_f32_elementwise_table(size_t *count);

#define QT_DECLARE_ELEMENTWISE(UNARY, BINARY, ROTATE) \
    void UNARY(qt_unary function, const float *x, float *y, size_t count, float alpha, float beta); \
    void BINARY(qt_binary function, qt_operands operands, const float *a, const float *b, float *y, size_t count); \
    void ROTATE( \
        const float *x, const float *cosines, const float *sines, float *y, size_t pairs, _Bool are_neighbours);

QT_DECLARE_ELEMENTWISE(qt_f32_unary_16__avx512, qt_f32_binary_16__avx512, qt_f32_rotate_16__avx512)
QT_DECLARE_ELEMENTWISE(qt_f32_unary_8__avx2, qt_f32_binary_8__avx2, qt_f32_rotate_8__avx2)
QT_DECLARE_ELEMENTWISE(qt_f32_unary_1__scalar, qt_f32_binary_1__scalar, qt_f32_rotate_1__scalar)
