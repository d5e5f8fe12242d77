#include "qt_f32_elementwise.h"
#include "qt_isa.h"

static const qt_f32_elementwise_row table[] = {
#if defined(__x86_64__)
    {"qt_f32_elementwise_16__avx512", QT_ISA_AVX2 | QT_ISA_AVX512, qt_f32_unary_16__avx512, qt_f32_binary_16__avx512,
     qt_f32_rotate_16__avx512},
    {"qt_f32_elementwise_8__avx2", QT_ISA_AVX2, qt_f32_unary_8__avx2, qt_f32_binary_8__avx2, qt_f32_rotate_8__avx2},
#endif
    {"qt_f32_elementwise_1__scalar", QT_ISA_SCALAR, qt_f32_unary_1__scalar, qt_f32_binary_1__scalar,
     qt_f32_rotate_1__scalar},
};

const qt_f32_elementwise_row *qt_f32_elementwise_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
