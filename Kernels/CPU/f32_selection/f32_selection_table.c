#include "qt_f32_selection.h"
#include "qt_isa.h"

static const qt_f32_selection_row table[] = {
#if defined(__x86_64__)
    {"qt_f32_selection_16__avx512", QT_ISA_AVX2 | QT_ISA_AVX512, qt_f32_selection_16__avx512},
    {"qt_f32_selection_8__avx2", QT_ISA_AVX2, qt_f32_selection_8__avx2},
#endif
    {"qt_f32_selection_1__scalar", QT_ISA_SCALAR, qt_f32_selection_1__scalar},
};

const qt_f32_selection_row *qt_f32_selection_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
