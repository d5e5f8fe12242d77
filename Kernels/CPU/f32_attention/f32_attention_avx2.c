#include "qt_f32_attention.h"

#if defined(__x86_64__)

#define QT_TARGET "avx2,fma"
#define QT_LANES 8
#define QT_WEIGH qt_f32_attention_weigh_8__avx2
#define QT_DIVIDE qt_f32_attention_divide_8__avx2
#define QT_GATHER qt_f32_attention_gather_8__avx2
#include "f32_attention_fma.inc"

#endif
