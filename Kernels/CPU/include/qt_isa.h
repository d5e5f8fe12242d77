// Instruction sets, and which of them this machine runs.
#pragma once

#include <stdint.h>

// Bits of an instruction-set mask. A kernel's row names all bits that it needs; the scalar reference needs none.
typedef enum {
    QT_ISA_SCALAR = 0,
    QT_ISA_AVX2 = 1 << 0,        // AVX2, FMA, F16C
    QT_ISA_AVXVNNI = 1 << 1,     // 256-bit vpdpbusd, VEX encoding
    QT_ISA_AVX512 = 1 << 2,      // AVX-512 F, BW, DQ, VL
    QT_ISA_AVX512VNNI = 1 << 3,  // 512-bit vpdpbusd
    QT_ISA_NEON = 1 << 8,
    QT_ISA_DOTPROD = 1 << 9,
    QT_ISA_I8MM = 1 << 10,
} qt_isa;

// The mask of this processor, as far as the operating system saves its registers.
uint32_t qt_isa_detect(void);
