#include "qt_f32_gemm.h"

#if defined(__x86_64__)

#define QT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define QT_SYMBOL qt_f32_gemm_8x48__avx512
#define QT_ROWS 8
#define QT_LANES 16
#define QT_VECTORS 3
#include "f32_gemm_fma.inc"

#endif
