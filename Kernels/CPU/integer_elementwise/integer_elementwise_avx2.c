#include "qt_isa.h"

#if defined(__x86_64__)

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "integer_elementwise_loops.h"

#include "integer_elementwise_x86_256.h"

#include "integer_elementwise_bytes.h"

#pragma clang attribute pop

ELEMENTWISE_ROW(qt_x8_elementwise_1x32__avx2, QT_ISA_AVX2, _bytes, lookup);

#endif
