#include "qt_f32_depthwise.h"

#if defined(__x86_64__)

#define QT_TARGET "avx2,fma"
#define QT_SYMBOL qt_f32_depthwise_4x8__avx2
#define QT_PIXELS 4
#define QT_LANES 8
#include "f32_depthwise_fma.inc"

#define QT_BAND_SYMBOL qt_f32_depthwise_band_2x8__avx2
#define QT_BAND_ROWS 2
#define QT_KEEPS_WEIGHTS 0
#include "f32_depthwise_band.inc"

#endif
