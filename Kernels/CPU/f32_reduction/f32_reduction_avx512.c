#include "qt_f32_reduction.h"

#if defined(__x86_64__)

#define QT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define QT_LANES 16
#define QT_ALONG qt_f32_reduce_along_16__avx512
#define QT_ACROSS qt_f32_reduce_across_16__avx512
#define QT_SOFTMAX qt_f32_softmax_16__avx512
#define QT_LOG_SOFTMAX qt_f32_log_softmax_16__avx512
#define QT_NORMALIZE qt_f32_normalize_16__avx512
#define QT_WINDOW_DOWN qt_f32_window_down_16__avx512
#define QT_WINDOW_ACROSS qt_f32_window_across_16__avx512
#include "f32_reduction_fma.inc"
#include "f32_reduction_window.inc"

#endif
