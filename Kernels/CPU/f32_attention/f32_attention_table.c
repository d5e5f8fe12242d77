#include "qt_f32_attention.h"
#include "qt_isa.h"

#define QT_ATTENTION(LANES, SUFFIX) \
    LANES, qt_f32_attention_weigh_##SUFFIX, qt_f32_attention_divide_##SUFFIX, qt_f32_attention_gather_##SUFFIX

static const qt_f32_attention_row table[] = {
#if defined(__x86_64__)
    {"qt_f32_attention_16__avx512", QT_ISA_AVX2 | QT_ISA_AVX512, QT_ATTENTION(16, 16__avx512)},
    {"qt_f32_attention_8__avx2", QT_ISA_AVX2, QT_ATTENTION(8, 8__avx2)},
#endif
    {"qt_f32_attention_1__scalar", QT_ISA_SCALAR, QT_ATTENTION(1, 1__scalar)},
};

const qt_f32_attention_row *qt_f32_attention_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}
