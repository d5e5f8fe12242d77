#include "qt_elements.h"

#if defined(__x86_64__)

#define QT_TARGET "avx2,fma,f16c"
#define QT_HAS_F16
#define QT_NAME(KIND) qt_any_##KIND##_32__avx2
#include "elements_loops.inc"

#endif
