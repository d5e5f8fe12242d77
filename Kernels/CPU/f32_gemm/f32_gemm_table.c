#include "qt_f32_gemm.h"
#include "qt_isa.h"

static const qt_f32_gemm_row table[] = {
#if defined(__x86_64__)
    {"qt_f32_gemm_8x48__avx512", QT_ISA_AVX2 | QT_ISA_AVX512, 8, 16, 3, qt_f32_gemm_8x48__avx512},
    {"qt_f32_gemm_6x16__avx2", QT_ISA_AVX2, 6, 8, 2, qt_f32_gemm_6x16__avx2},
#endif
    {"qt_f32_gemm_4x8__scalar", QT_ISA_SCALAR, 4, 4, 2, qt_f32_gemm_4x8__scalar},
};

const qt_f32_gemm_row *qt_f32_gemm_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
