#include "qt_f32_reduction.h"
#include "qt_isa.h"

static const qt_f32_reduction_row table[] = {
    {"qt_f32_reduction_1__scalar", QT_ISA_SCALAR, qt_f32_reduce_along_1__scalar, qt_f32_reduce_across_1__scalar,
     qt_f32_softmax_1__scalar},
};

const qt_f32_reduction_row *qt_f32_reduction_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
