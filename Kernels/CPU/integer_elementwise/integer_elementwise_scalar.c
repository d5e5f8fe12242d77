#include "integer_elementwise_loops.h"

ELEMENTWISE_ROW(qt_x8_elementwise_1x1__scalar, QT_ISA_SCALAR, , lookup);
