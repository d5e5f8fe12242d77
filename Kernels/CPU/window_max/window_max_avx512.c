#include "qt_isa.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi2"))), apply_to = function)

enum { BLOCK = 64 };
typedef __m512i bits;

static inline bits repeat_word(int value) { return _mm512_set1_epi32(value); }
static inline bits max_u8(bits a, bits b) { return _mm512_max_epu8(a, b); }
static inline bits max_s8(bits a, bits b) { return _mm512_max_epi8(a, b); }

// `maxps` gives its second operand where one is NaN.
static inline bits max_f32(bits a, bits b) {
    __m512 x = _mm512_castsi512_ps(a), y = _mm512_castsi512_ps(b);
    return _mm512_castps_si512(_mm512_mask_max_ps(x, _mm512_cmp_ps_mask(x, x, _CMP_ORD_Q), x, y));
}

static inline bits load_bits(const uint8_t *p) { return _mm512_loadu_si512(p); }

static inline __mmask64 first_bytes(size_t count) { return _cvtu64_mask64(_bzhi_u64(~0ull, (unsigned)count)); }

static inline bits load_up_to(const uint8_t *p, size_t count) {
    return count >= BLOCK ? load_bits(p) : _mm512_maskz_loadu_epi8(first_bytes(count), p);
}

static inline void store_up_to(uint8_t *p, bits value, size_t count) {
    if (count >= BLOCK)
        _mm512_storeu_si512(p, value);
    else
        _mm512_mask_storeu_epi8(p, first_bytes(count), value);
}

#include "window_max_rows.h"

void qt_any_window_max_1x64__avx512(qt_max_type type, const qt_max_row *row, uint8_t *out) {
    max_row_of(type, row, out);
}

#pragma clang attribute pop

#endif
