#include "qt_f32_grouped.h"

#if defined(__x86_64__)

#define QT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define QT_SYMBOL qt_f32_grouped_8x16__avx512
#define QT_PIXELS 8
#define QT_LANES 16
#include "f32_grouped_fma.inc"

#endif
