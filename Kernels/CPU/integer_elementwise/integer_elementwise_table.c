#include "qt_integer_elementwise.h"

extern const qt_integer_elementwise_kernel qt_x8_elementwise_1x64__avx512;
extern const qt_integer_elementwise_kernel qt_x8_elementwise_1x32__avx2;
extern const qt_integer_elementwise_kernel qt_x8_elementwise_1x1__scalar;

static const qt_integer_elementwise_kernel *const table[] = {
#if defined(__x86_64__)
    &qt_x8_elementwise_1x64__avx512,
    &qt_x8_elementwise_1x32__avx2,
#endif
    &qt_x8_elementwise_1x1__scalar,
};

const qt_integer_elementwise_kernel *qt_integer_elementwise_row(size_t index) {
    return index < sizeof table / sizeof table[0] ? table[index] : NULL;
}
