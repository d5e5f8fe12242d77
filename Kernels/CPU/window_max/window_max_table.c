#include "qt_isa.h"
#include "qt_window_max.h"

static const qt_window_max_row table[] = {
#if defined(__x86_64__)
    {"qt_any_window_max_1x64__avx512", QT_ISA_AVX512, qt_any_window_max_1x64__avx512},
    {"qt_any_window_max_1x32__avx2", QT_ISA_AVX2, qt_any_window_max_1x32__avx2},
#endif
    {"qt_any_window_max_1x1__scalar", QT_ISA_SCALAR, qt_any_window_max_1x1__scalar},
};

const qt_window_max_row *qt_window_max_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
