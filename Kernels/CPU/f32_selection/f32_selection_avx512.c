#include "qt_f32_selection.h"

#if defined(__x86_64__)

#define QT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define QT_LANES 16
#define QT_SELECT qt_f32_selection_16__avx512
#include "f32_selection_vectors.inc"

#endif
