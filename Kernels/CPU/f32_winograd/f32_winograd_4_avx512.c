#include "qt_f32_winograd.h"

#if defined(__x86_64__)

#define QT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define QT_SYMBOL(STEP) qt_f32_winograd_##STEP##_4x16__avx512
#define QT_TILE 4
#define QT_LANES 16
#include "f32_winograd_fma.inc"

#endif
