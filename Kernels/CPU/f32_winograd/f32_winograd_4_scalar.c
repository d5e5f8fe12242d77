#include "qt_f32_winograd.h"

#define QT_SYMBOL(STEP) qt_f32_winograd_##STEP##_4x1__scalar
#define QT_TILE 4
#include "f32_winograd_scalar.inc"
