#include "qt_f32_resample.h"

#if defined(__x86_64__)

#define QT_TARGET "avx2,fma"
#define QT_LANES 8
#define QT_ACROSS qt_f32_resample_across_8__avx2
#define QT_ALONG qt_f32_resample_along_8__avx2
#define QT_PIXELS qt_f32_resample_pixels_8__avx2
#include "f32_resample_fma.inc"

#endif
