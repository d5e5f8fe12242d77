#include "qt_integer_gemm.h"

extern const qt_integer_gemm_kernel qt_u8s8_gemm_14x32__avx512vnni;
extern const qt_integer_gemm_kernel qt_u8s8_gemm_6x16__avxvnni;
extern const qt_integer_gemm_kernel qt_u8s8_gemm_12x32__avx512;
extern const qt_integer_gemm_kernel qt_u8s8_gemm_5x16__avx2;
extern const qt_integer_gemm_kernel qt_u8s8_gemm_1x8__scalar;

static const qt_integer_gemm_kernel *const table[] = {
#if defined(__x86_64__)
    &qt_u8s8_gemm_14x32__avx512vnni,
    &qt_u8s8_gemm_6x16__avxvnni,
    &qt_u8s8_gemm_12x32__avx512,
    &qt_u8s8_gemm_5x16__avx2,
#endif
    &qt_u8s8_gemm_1x8__scalar,
};

const qt_integer_gemm_kernel *qt_integer_gemm_row(size_t index) {
    return index < sizeof table / sizeof table[0] ? table[index] : NULL;
}
