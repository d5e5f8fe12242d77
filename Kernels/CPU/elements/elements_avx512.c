#include "qt_elements.h"

#if defined(__x86_64__)

#define QT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"
#define QT_HAS_F16
#define QT_NAME(KIND) qt_any_##KIND##_64__avx512
#include "elements_loops.inc"

#endif
