#include "qt_elements.h"

#define QT_NAME(KIND) qt_any_##KIND##_1__scalar
#include "elements_loops.inc"
