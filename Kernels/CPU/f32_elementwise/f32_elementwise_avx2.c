#include "qt_f32_elementwise.h"

#if defined(__x86_64__)

#define QT_TARGET "avx2,fma"
#define QT_LANES 8
#define QT_UNARY qt_f32_unary_8__avx2
#define QT_BINARY qt_f32_binary_8__avx2
#define QT_ROTATE qt_f32_rotate_8__avx2
#include "f32_elementwise_fma.inc"

#endif
