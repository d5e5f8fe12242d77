#include "qt_f32_reduction.h"

#if defined(__x86_64__)

#define QT_TARGET "avx2,fma"
#define QT_LANES 8
#define QT_ALONG qt_f32_reduce_along_8__avx2
#define QT_ACROSS qt_f32_reduce_across_8__avx2
#define QT_SOFTMAX qt_f32_softmax_8__avx2
#define QT_LOG_SOFTMAX qt_f32_log_softmax_8__avx2
#define QT_NORMALIZE qt_f32_normalize_8__avx2
#define QT_WINDOW_DOWN qt_f32_window_down_8__avx2
#define QT_WINDOW_ACROSS qt_f32_window_across_8__avx2
#include "f32_reduction_fma.inc"
#include "f32_reduction_window.inc"

#endif
