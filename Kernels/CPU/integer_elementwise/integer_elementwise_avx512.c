#include "qt_isa.h"

#if defined(__x86_64__)

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi2"))), apply_to = function)

#include "integer_elementwise_loops.h"

#include "integer_elementwise_x86_512.h"

#include "integer_elementwise_bytes.h"

#include "integer_elementwise_lookup_512.h"

#pragma clang attribute pop

ELEMENTWISE_ROW(qt_x8_elementwise_1x64__avx512, QT_ISA_AVX512, _bytes, lookup_bytes);

#endif
