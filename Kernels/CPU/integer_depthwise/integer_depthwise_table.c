#include "qt_integer_depthwise.h"

extern const qt_integer_depthwise_kernel qt_u8s16_depthwise_1x1__scalar;

static const qt_integer_depthwise_kernel *const table[] = {
    &qt_u8s16_depthwise_1x1__scalar,
};

const qt_integer_depthwise_kernel *qt_integer_depthwise_row(size_t index) {
    return index < sizeof table / sizeof table[0] ? table[index] : NULL;
}
