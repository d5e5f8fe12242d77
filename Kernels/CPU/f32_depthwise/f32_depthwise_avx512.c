#include "qt_f32_depthwise.h"

#if defined(__x86_64__)

#define QT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define QT_SYMBOL qt_f32_depthwise_6x16__avx512
#define QT_PIXELS 6
#define QT_LANES 16
#include "f32_depthwise_fma.inc"

#define QT_BAND_SYMBOL qt_f32_depthwise_band_4x16__avx512
#define QT_BAND_ROWS 4
#define QT_KEEPS_WEIGHTS 1
#include "f32_depthwise_band.inc"

#endif
