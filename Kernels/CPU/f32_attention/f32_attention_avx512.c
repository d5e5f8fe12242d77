#include "qt_f32_attention.h"

#if defined(__x86_64__)

#define QT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define QT_LANES 16
#define QT_WEIGH qt_f32_attention_weigh_16__avx512
#define QT_DIVIDE qt_f32_attention_divide_16__avx512
#define QT_GATHER qt_f32_attention_gather_16__avx512
#include "f32_attention_fma.inc"

#endif
