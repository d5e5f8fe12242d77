#include "qt_ceiling.h"

extern const qt_ceiling qt_f32_ceiling_16__avx512;
extern const qt_ceiling qt_f32_ceiling_8__avx2;
extern const qt_ceiling qt_u8s8_ceiling_64__avx512vnni;
extern const qt_ceiling qt_u8s8_ceiling_32__avxvnni;
extern const qt_ceiling qt_s16_ceiling_32__avx512;
extern const qt_ceiling qt_s16_ceiling_16__avx2;

static const qt_ceiling *const table[] = {
#if defined(__x86_64__)
    &qt_f32_ceiling_16__avx512,
    &qt_f32_ceiling_8__avx2,
    &qt_u8s8_ceiling_64__avx512vnni,
    &qt_u8s8_ceiling_32__avxvnni,
    &qt_s16_ceiling_32__avx512,
    &qt_s16_ceiling_16__avx2,
#endif
    NULL,
};

const qt_ceiling *qt_ceiling_row(size_t index) {
    return index < sizeof table / sizeof table[0] ? table[index] : NULL;
}
