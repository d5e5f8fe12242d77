#include "qt_f32_grouped.h"
#include "qt_isa.h"

static const qt_f32_grouped_row table[] = {
#if defined(__x86_64__)
    {"qt_f32_grouped_8x16__avx512", QT_ISA_AVX2 | QT_ISA_AVX512, qt_f32_grouped_8x16__avx512},
    {"qt_f32_grouped_4x8__avx2", QT_ISA_AVX2, qt_f32_grouped_4x8__avx2},
#endif
    {"qt_f32_grouped_1x1__scalar", QT_ISA_SCALAR, qt_f32_grouped_1x1__scalar},
};

const qt_f32_grouped_row *qt_f32_grouped_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
