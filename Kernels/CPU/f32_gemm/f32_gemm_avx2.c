#include "qt_f32_gemm.h"

#if defined(__x86_64__)

#define QT_TARGET "avx2,fma"
#define QT_SYMBOL qt_f32_gemm_6x16__avx2
#define QT_ROWS 6
#define QT_LANES 8
#define QT_VECTORS 2
#include "f32_gemm_fma.inc"

#endif
