// The first `count` of 16 bytes, fewer than all. Included under the instruction set of the including file.

static inline void store_part(uint8_t *out, __m128i bytes, size_t count) {
    if (count & 8) {
        _mm_storel_epi64((__m128i *)out, bytes);
        bytes = _mm_srli_si128(bytes, 8);
        out += 8;
    }
    if (count & 4) {
        uint32_t four = (uint32_t)_mm_cvtsi128_si32(bytes);
        memcpy(out, &four, 4);
        bytes = _mm_srli_si128(bytes, 4);
        out += 4;
    }
    uint32_t rest = (uint32_t)_mm_cvtsi128_si32(bytes);
    if (count & 2) {
        memcpy(out, &rest, 2);
        rest >>= 16;
        out += 2;
    }
    if (count & 1) *out = (uint8_t)rest;
}
