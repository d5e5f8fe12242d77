// Elements of plain types: comparisons, truth values, whole-number arithmetic, choices and conversions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qt_f32_elementwise.h"

// Truth values are bytes, 0 or 1.
typedef enum {
    QT_ELEMENT_F32,
    QT_ELEMENT_F64,
    QT_ELEMENT_F16,
    QT_ELEMENT_I64,
    QT_ELEMENT_I32,
    QT_ELEMENT_I16,
    QT_ELEMENT_I8,
    QT_ELEMENT_U32,
    QT_ELEMENT_U16,
    QT_ELEMENT_U8,
    QT_ELEMENT_BOOL,
} qt_element;

typedef enum {
    QT_PAIR_EQUAL, // comparisons give truth values
    QT_PAIR_LESS,
    QT_PAIR_LESS_OR_EQUAL,
    QT_PAIR_GREATER,
    QT_PAIR_GREATER_OR_EQUAL,
    QT_PAIR_UNORDERED, // whether either of two F32 is NaN
    QT_PAIR_AND, // of truth values
    QT_PAIR_OR,
    QT_PAIR_XOR,
    QT_PAIR_ADD, // of I64 and I32, wrapping
    QT_PAIR_SUB,
    QT_PAIR_MUL,
    QT_PAIR_MIN,
    QT_PAIR_MAX,
} qt_pair;

// Each gives false, and writes nothing, where it does not serve the types asked for. Outputs may be an input of the
// same element size; they may not overlap inputs otherwise.
typedef struct {
    const char *name;
    uint32_t isa;
    bool (*pair)(
        qt_pair function, qt_element type, qt_operands operands, const void *a, const void *b, void *y, size_t count);
    // Elements of `width` bytes, those of `a` where `chosen` is true.
    bool (*select)(size_t width, const uint8_t *chosen, const void *a, const void *b, void *y, size_t count);
    // places[j] = place where x[j] equals best[j].
    void (*mark)(const float *x, const float *best, int64_t place, int64_t *places, size_t count);
    // Reals lose their fraction on the way to integers by way of 64 bits: what does not fit these is clamped, NaN is 0.
    // Integers wrap. Any value but 0 is true.
    bool (*convert)(qt_element from, qt_element to, const void *x, void *y, size_t count);
} qt_elements_row;

const qt_elements_row *qt_elements_table(size_t *count);

#define QT_DECLARE_ELEMENTS(SUFFIX) \
    bool qt_any_pair_##SUFFIX( \
        qt_pair function, qt_element type, qt_operands operands, const void *a, const void *b, void *y, size_t count); \
    bool qt_any_select_##SUFFIX( \
        size_t width, const uint8_t *chosen, const void *a, const void *b, void *y, size_t count); \
    void qt_any_mark_##SUFFIX(const float *x, const float *best, int64_t place, int64_t *places, size_t count); \
    bool qt_any_convert_##SUFFIX(qt_element from, qt_element to, const void *x, void *y, size_t count);

QT_DECLARE_ELEMENTS(64__avx512)
QT_DECLARE_ELEMENTS(32__avx2)
QT_DECLARE_ELEMENTS(1__scalar)
