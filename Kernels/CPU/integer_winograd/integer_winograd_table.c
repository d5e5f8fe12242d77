#include "qt_integer_winograd.h"

extern const qt_integer_winograd_kernel qt_integer_winograd_4x16__avx512vnni;
extern const qt_integer_winograd_kernel qt_integer_winograd_4x8__avxvnni;
extern const qt_integer_winograd_kernel qt_integer_winograd_4x16__avx512;
extern const qt_integer_winograd_kernel qt_integer_winograd_4x8__avx2;
extern const qt_integer_winograd_kernel qt_integer_winograd_4x4__scalar;

static const qt_integer_winograd_kernel *const table[] = {
#if defined(__x86_64__)
    &qt_integer_winograd_4x16__avx512vnni,
    &qt_integer_winograd_4x8__avxvnni,
    &qt_integer_winograd_4x16__avx512,
    &qt_integer_winograd_4x8__avx2,
#endif
    &qt_integer_winograd_4x4__scalar,
};

const qt_integer_winograd_kernel *qt_integer_winograd_row(size_t index) {
    return index < sizeof table / sizeof table[0] ? table[index] : NULL;
}
