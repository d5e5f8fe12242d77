#include "qt_isa.h"

#if defined(__x86_64__)

// __builtin_cpu_supports also asks whether the operating system saves the wide registers.
uint32_t qt_isa_detect(void) {
    uint32_t mask = 0;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
        mask |= QT_ISA_AVX2;
        if (__builtin_cpu_supports("avxvnni")) mask |= QT_ISA_AVXVNNI;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
            mask |= QT_ISA_AVX512;
            if (__builtin_cpu_supports("avx512vnni")) mask |= QT_ISA_AVX512VNNI;
        }
    }
    return mask;
}

#elif defined(__aarch64__) && defined(__linux__)

#include <asm/hwcap.h>
#include <sys/auxv.h>

uint32_t qt_isa_detect(void) {
    uint32_t mask = QT_ISA_NEON;
    if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) mask |= QT_ISA_DOTPROD;
    if (getauxval(AT_HWCAP2) & HWCAP2_I8MM) mask |= QT_ISA_I8MM;
    return mask;
}

#else

uint32_t qt_isa_detect(void) { return QT_ISA_SCALAR; }

#endif
