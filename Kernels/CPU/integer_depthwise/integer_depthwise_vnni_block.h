// W channels of one output pixel, four taps at a time: the bytes of four taps are interleaved, so that each lane holds
// one channel's. The including file defines W, VECTOR, OP(name) for intrinsics of its width, LOAD_WORDS, XOR, and
//   LOAD(p, count)            the first `count` of W bytes, the rest anything
//   DOT(sums, x, weights)     vpdpbusd
//   STORE_BYTES(p, count, v)  the first `count` of W bytes
// Interleaving leaves channel 16l + 4j + i in lane 4l + i of sums j; narrowing undoes it.

#define NAME_(name, w) name##w
#define NAME__(name, w) NAME_(name, w)
#define BLOCK NAME__(block, W)
#define FINISHED NAME__(requantized, W)

static inline VECTOR FINISHED(const qt_epilogue *e, VECTOR sums, size_t index) {
    typeof(OP(setzero_ps)()) value = OP(mul_ps)(OP(cvtepi32_ps)(sums), OP(loadu_ps)(e->scales + index));
    value = OP(min_ps)(OP(max_ps)(value, OP(set1_ps)(e->lower)), OP(set1_ps)(e->upper));
    return OP(add_epi32)(OP(cvtps_epi32)(value), OP(set1_epi32)(e->zero_point));
}

static inline void BLOCK(
    const qt_integer_depthwise *job, const uint8_t *const *taps, size_t tap_count, const uint8_t *weights,
    size_t channel, size_t count, void *out) {
    VECTOR sums[4];
    for (int j = 0; j < 4; j++) sums[j] = LOAD_WORDS(job->offsets + channel + j * (W / 4));
    const VECTOR flip = OP(set1_epi8)((char)job->flip);
    for (size_t tap = 0; tap < tap_count; tap += 4, weights += W * 4) {
        VECTOR x0 = XOR(LOAD(taps[tap] + channel, count), flip);
        VECTOR x1 = XOR(LOAD(taps[tap + 1] + channel, count), flip);
        VECTOR x2 = XOR(LOAD(taps[tap + 2] + channel, count), flip);
        VECTOR x3 = XOR(LOAD(taps[tap + 3] + channel, count), flip);
        VECTOR low01 = OP(unpacklo_epi8)(x0, x1), high01 = OP(unpackhi_epi8)(x0, x1);
        VECTOR low23 = OP(unpacklo_epi8)(x2, x3), high23 = OP(unpackhi_epi8)(x2, x3);
        sums[0] = DOT(sums[0], OP(unpacklo_epi16)(low01, low23), LOAD_WORDS(weights));
        sums[1] = DOT(sums[1], OP(unpackhi_epi16)(low01, low23), LOAD_WORDS(weights + W));
        sums[2] = DOT(sums[2], OP(unpacklo_epi16)(high01, high23), LOAD_WORDS(weights + 2 * W));
        sums[3] = DOT(sums[3], OP(unpackhi_epi16)(high01, high23), LOAD_WORDS(weights + 3 * W));
    }
    const qt_epilogue *e = &job->epilogue;
    if (e->kind == QT_EPILOGUE_REQUANTIZE_U8 || e->kind == QT_EPILOGUE_REQUANTIZE_S8) {
        for (int j = 0; j < 4; j++) sums[j] = FINISHED(e, sums[j], channel + (size_t)j * (W / 4));
        VECTOR low = OP(packs_epi32)(sums[0], sums[1]), high = OP(packs_epi32)(sums[2], sums[3]);
        VECTOR bytes = e->kind == QT_EPILOGUE_REQUANTIZE_U8 ? OP(packus_epi16)(low, high) : OP(packs_epi16)(low, high);
        STORE_BYTES((uint8_t *)out + channel, count, bytes);
        return;
    }
    // The other epilogues store words; they are seldom, so channels go back to their order through memory.
    int32_t arranged[W], ordered[W];
    for (int j = 0; j < 4; j++) {
        typeof(OP(setzero_ps)()) value = OP(cvtepi32_ps)(sums[j]);
        if (e->kind == QT_EPILOGUE_DEQUANTIZE) {
            size_t index = channel + (size_t)j * (W / 4);
            value = OP(mul_ps)(value, OP(loadu_ps)(e->scales + index));
            value = OP(add_ps)(value, OP(loadu_ps)(e->biases + index));
            value = OP(min_ps)(OP(set1_ps)(e->upper), OP(max_ps)(OP(set1_ps)(e->lower), value));
            memcpy(arranged + j * (W / 4), &value, sizeof value);
        } else {
            memcpy(arranged + j * (W / 4), &sums[j], sizeof sums[j]);
        }
    }
    for (int j = 0; j < 4; j++)
        for (int l = 0; l < W / 16; l++) memcpy(ordered + l * 16 + j * 4, arranged + j * (W / 4) + l * 4, 16);
    memcpy((int32_t *)out + channel, ordered, count * 4);
}

#undef NAME_
#undef NAME__
#undef BLOCK
#undef FINISHED
#undef W
#undef VECTOR
#undef OP
#undef XOR
#undef LOAD
#undef LOAD_WORDS
#undef DOT
#undef STORE_BYTES
