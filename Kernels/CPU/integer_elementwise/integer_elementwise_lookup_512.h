// A table of 256 bytes in four registers. Included after integer_elementwise_bytes.h.

// The entries as 128 pairs.
typedef struct {
    bits pairs[4];
} byte_table;

static inline byte_table load_table(const uint8_t *table) {
    return (byte_table){{
        load_bits(table), load_bits(table + 64), load_bits(table + 128), load_bits(table + 192)}};
}

// Entries for bytes that are zero-extended to 16 bits.
static inline bits entries_of_halves(const byte_table *t, bits halves) {
    bits pair = _mm512_srli_epi16(halves, 1);
    bits low = _mm512_permutex2var_epi16(t->pairs[0], pair, t->pairs[1]);
    bits high = _mm512_permutex2var_epi16(t->pairs[2], pair, t->pairs[3]);
    bits both = _mm512_mask_mov_epi16(low, _mm512_test_epi16_mask(halves, repeat_half(0x80)), high);
    __mmask32 is_odd = _mm512_test_epi16_mask(halves, repeat_half(1));
    return _mm512_mask_srli_epi16(both & repeat_half(0xFF), is_odd, both, 8);
}

static inline bits looked_up(const byte_table *t, bits bytes) {
    bits low = entries_of_halves(t, interleave8_low(bytes, repeat_byte(0)));
    bits high = entries_of_halves(t, interleave8_high(bytes, repeat_byte(0)));
    return narrow_halves(low, high);
}

static void lookup_bytes(const uint8_t *x, size_t count, const uint8_t *table, uint8_t *out) {
    byte_table entries = load_table(table);
    for (size_t i = 0; i < count; i += BLOCK)
        store_up_to(out + i, looked_up(&entries, load_up_to(x + i, count - i)), count - i);
}
