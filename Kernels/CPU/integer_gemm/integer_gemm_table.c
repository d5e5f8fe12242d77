#include "qt_integer_gemm.h"

extern const qt_integer_gemm_kernel qt_u8s8_gemm_1x8__scalar;

static const qt_integer_gemm_kernel *const table[] = {
    &qt_u8s8_gemm_1x8__scalar,
};

const qt_integer_gemm_kernel *qt_integer_gemm_row(size_t index) {
    return index < sizeof table / sizeof table[0] ? table[index] : NULL;
}
