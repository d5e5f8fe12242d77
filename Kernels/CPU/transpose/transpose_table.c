#include "qt_isa.h"
#include "qt_transpose.h"

static const qt_transpose_row table[] = {
    {"qt_any_transpose_1x1__scalar", QT_ISA_SCALAR, qt_any_transpose_1x1__scalar},
};

const qt_transpose_row *qt_transpose_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
