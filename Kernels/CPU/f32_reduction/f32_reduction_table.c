#include "qt_f32_reduction.h"
#include "qt_isa.h"

static const qt_f32_reduction_row table[] = {
#if defined(__x86_64__)
    {"qt_f32_reduction_16__avx512", QT_ISA_AVX2 | QT_ISA_AVX512, qt_f32_reduce_along_16__avx512,
     qt_f32_reduce_across_16__avx512, qt_f32_softmax_16__avx512, qt_f32_log_softmax_16__avx512,
     qt_f32_normalize_16__avx512,
     qt_f32_window_down_16__avx512, qt_f32_window_across_16__avx512},
    {"qt_f32_reduction_8__avx2", QT_ISA_AVX2, qt_f32_reduce_along_8__avx2, qt_f32_reduce_across_8__avx2,
     qt_f32_softmax_8__avx2, qt_f32_log_softmax_8__avx2, qt_f32_normalize_8__avx2,
     qt_f32_window_down_8__avx2, qt_f32_window_across_8__avx2},
#endif
    {"qt_f32_reduction_1__scalar", QT_ISA_SCALAR, qt_f32_reduce_along_1__scalar, qt_f32_reduce_across_1__scalar,
     qt_f32_softmax_1__scalar, qt_f32_log_softmax_1__scalar, qt_f32_normalize_1__scalar,
     qt_f32_window_down_1__scalar, qt_f32_window_across_1__scalar},
};

const qt_f32_reduction_row *qt_f32_reduction_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
