#include "qt_interleave.h"
#include "qt_isa.h"

static const qt_interleave_row table[] = {
#if defined(__x86_64__)
    {"qt_any_interleave_2x32__avx512", QT_ISA_AVX512, qt_any_interleave_2x32__avx512},
    {"qt_any_interleave_2x16__avx2", QT_ISA_AVX2, qt_any_interleave_2x16__avx2},
#endif
    {"qt_any_interleave_2x1__scalar", QT_ISA_SCALAR, qt_any_interleave_2x1__scalar},
};

const qt_interleave_row *qt_interleave_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
