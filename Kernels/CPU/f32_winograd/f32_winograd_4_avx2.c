#include "qt_f32_winograd.h"

#if defined(__x86_64__)

#define QT_TARGET "avx2,fma"
#define QT_SYMBOL(STEP) qt_f32_winograd_##STEP##_4x8__avx2
#define QT_TILE 4
#define QT_LANES 8
#include "f32_winograd_fma.inc"

#endif
