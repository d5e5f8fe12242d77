#include "qt_f32_winograd.h"
#include "qt_isa.h"

#define ROW(NAME, ISA, TILE) \
    {"qt_f32_winograd_" #NAME, ISA, TILE, qt_f32_winograd_filter_##NAME, qt_f32_winograd_input_##NAME, \
     qt_f32_winograd_output_##NAME}

static const qt_f32_winograd_row table[] = {
#if defined(__x86_64__)
    ROW(4x16__avx512, QT_ISA_AVX2 | QT_ISA_AVX512, 4),
    ROW(2x16__avx512, QT_ISA_AVX2 | QT_ISA_AVX512, 2),
    ROW(4x8__avx2, QT_ISA_AVX2, 4),
    ROW(2x8__avx2, QT_ISA_AVX2, 2),
#endif
    ROW(4x1__scalar, QT_ISA_SCALAR, 4),
    ROW(2x1__scalar, QT_ISA_SCALAR, 2),
};

const qt_f32_winograd_row *qt_f32_winograd_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
