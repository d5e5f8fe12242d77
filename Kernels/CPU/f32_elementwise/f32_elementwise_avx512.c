#include "qt_f32_elementwise.h"

#if defined(__x86_64__)

#define QT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define QT_LANES 16
#define QT_UNARY qt_f32_unary_16__avx512
#define QT_BINARY qt_f32_binary_16__avx512
#define QT_ROTATE qt_f32_rotate_16__avx512
#include "f32_elementwise_fma.inc"

#endif
