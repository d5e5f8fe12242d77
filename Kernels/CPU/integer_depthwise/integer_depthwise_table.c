#include "qt_integer_depthwise.h"

extern const qt_integer_depthwise_kernel qt_u8s8_depthwise_1x64__avx512vnni;
extern const qt_integer_depthwise_kernel qt_u8s8_depthwise_1x32__avxvnni;
extern const qt_integer_depthwise_kernel qt_u8s16_depthwise_1x16__avx2;
extern const qt_integer_depthwise_kernel qt_u8s16_depthwise_1x1__scalar;

static const qt_integer_depthwise_kernel *const table[] = {
#if defined(__x86_64__)
    &qt_u8s8_depthwise_1x64__avx512vnni,
    &qt_u8s8_depthwise_1x32__avxvnni,
    &qt_u8s16_depthwise_1x16__avx2,
#endif
    &qt_u8s16_depthwise_1x1__scalar,
};

const qt_integer_depthwise_kernel *qt_integer_depthwise_row(size_t index) {
    return index < sizeof table / sizeof table[0] ? table[index] : NULL;
}
