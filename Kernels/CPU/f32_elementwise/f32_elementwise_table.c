#include "qt_f32_elementwise.h"
#include "qt_isa.h"

static const qt_f32_elementwise_row table[] = {
    {"qt_f32_elementwise_1__scalar", QT_ISA_SCALAR, qt_f32_unary_1__scalar, qt_f32_binary_1__scalar},
};

const qt_f32_elementwise_row *qt_f32_elementwise_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
