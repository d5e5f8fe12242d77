#include "qt_f32_grouped.h"

#if defined(__x86_64__)

#define QT_TARGET "avx2,fma"
#define QT_SYMBOL qt_f32_grouped_4x8__avx2
#define QT_PIXELS 4
#define QT_LANES 8
#include "f32_grouped_fma.inc"

#endif
