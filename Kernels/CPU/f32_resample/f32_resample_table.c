#include "qt_f32_resample.h"
#include "qt_isa.h"

static const qt_f32_resample_row table[] = {
#if defined(__x86_64__)
    {"qt_f32_resample_16__avx512", QT_ISA_AVX2 | QT_ISA_AVX512, qt_f32_resample_across_16__avx512,
     qt_f32_resample_along_16__avx512, qt_f32_resample_pixels_16__avx512},
    {"qt_f32_resample_8__avx2", QT_ISA_AVX2, qt_f32_resample_across_8__avx2, qt_f32_resample_along_8__avx2,
     qt_f32_resample_pixels_8__avx2},
#endif
    {"qt_f32_resample_1__scalar", QT_ISA_SCALAR, qt_f32_resample_across_1__scalar, qt_f32_resample_along_1__scalar,
     qt_f32_resample_pixels_1__scalar},
};

const qt_f32_resample_row *qt_f32_resample_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
