#include "qt_f32_selection.h"

#if defined(__x86_64__)

#define QT_TARGET "avx2,fma"
#define QT_LANES 8
#define QT_SELECT qt_f32_selection_8__avx2
#include "f32_selection_vectors.inc"

#endif
