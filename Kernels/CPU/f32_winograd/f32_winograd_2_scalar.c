#include "qt_f32_winograd.h"

#define QT_SYMBOL(STEP) qt_f32_winograd_##STEP##_2x1__scalar
#define QT_TILE 2
#include "f32_winograd_scalar.inc"
