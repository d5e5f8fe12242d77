#include "qt_elements.h"
#include "qt_isa.h"

#define QT_ELEMENTS(SUFFIX, ISA) \
    { \
        "qt_any_elements_" #SUFFIX, ISA, qt_any_pair_##SUFFIX, qt_any_select_##SUFFIX, qt_any_mark_##SUFFIX, \
            qt_any_convert_##SUFFIX \
    }

static const qt_elements_row table[] = {
#if defined(__x86_64__)
    QT_ELEMENTS(64__avx512, QT_ISA_AVX2 | QT_ISA_AVX512),
    QT_ELEMENTS(32__avx2, QT_ISA_AVX2),
#endif
    QT_ELEMENTS(1__scalar, QT_ISA_SCALAR),
};

const qt_elements_row *qt_elements_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
