#include "qt_f32_depthwise.h"
#include "qt_isa.h"

static const qt_f32_depthwise_row table[] = {
    {"qt_f32_depthwise_1x1__scalar", QT_ISA_SCALAR, qt_f32_depthwise_1x1__scalar},
};

const qt_f32_depthwise_row *qt_f32_depthwise_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
