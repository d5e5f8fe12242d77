#include "qt_f32_depthwise.h"
#include "qt_isa.h"

static const qt_f32_depthwise_row table[] = {
#if defined(__x86_64__)
    {"qt_f32_depthwise_6x16__avx512", QT_ISA_AVX2 | QT_ISA_AVX512, 4, qt_f32_depthwise_6x16__avx512,
     qt_f32_depthwise_band_4x16__avx512},
    {"qt_f32_depthwise_4x8__avx2", QT_ISA_AVX2, 2, qt_f32_depthwise_4x8__avx2,
     qt_f32_depthwise_band_2x8__avx2},
#endif
    {"qt_f32_depthwise_1x1__scalar", QT_ISA_SCALAR, 1, qt_f32_depthwise_1x1__scalar,
     qt_f32_depthwise_band_1x1__scalar},
};

const qt_f32_depthwise_row *qt_f32_depthwise_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
