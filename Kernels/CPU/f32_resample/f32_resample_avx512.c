#include "qt_f32_resample.h"

#if defined(__x86_64__)

#define QT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define QT_LANES 16
#define QT_ACROSS qt_f32_resample_across_16__avx512
#define QT_ALONG qt_f32_resample_along_16__avx512
#define QT_PIXELS qt_f32_resample_pixels_16__avx512
#include "f32_resample_fma.inc"

#endif
