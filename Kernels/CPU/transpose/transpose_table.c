#include "qt_isa.h"
#include "qt_transpose.h"

static const qt_transpose_row table[] = {
#if defined(__x86_64__)
    {"qt_any_transpose_16x16__avx512", QT_ISA_AVX2 | QT_ISA_AVX512, qt_any_transpose_16x16__avx512},
    {"qt_any_transpose_8x8__avx2", QT_ISA_AVX2, qt_any_transpose_8x8__avx2},
#endif
    {"qt_any_transpose_1x1__scalar", QT_ISA_SCALAR, qt_any_transpose_1x1__scalar},
};

const qt_transpose_row *qt_transpose_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
