// W channels of one output pixel, four taps at a time: the bytes of four taps are interleaved, so that each lane holds
// one channel's. The including file defines W, VECTOR, OP(name) for intrinsics of its width, LOAD_WORDS, XOR, and
//   LOAD(p, count)            the first `count` of W bytes, the rest anything
//   DOT(sums, x, weights)     vpdpbusd
//   STORE_BYTES(p, count, v)  the first `count` of W bytes
//   STORE_WORDS(p, v)         all of them
//   STORE_SOME_WORDS(p, count, v)  the first `count` of W / 4 words, or all where there are more
//   ORDER(words)              puts the words of four sums in the order of their channels
// Interleaving leaves channel 16l + 4j + i in lane 4l + i of sums j; narrowing undoes it.

#define NAME_(name, w) name##w
#define NAME__(name, w) NAME_(name, w)
#define BLOCK NAME__(block, W)
#define FINISH NAME__(finish, W)
#define ROUNDED NAME__(rounded, W)
#define NOTE NAME__(note, W)
#define GATHER NAME__(gather, W)
#define STRIP NAME__(strip, W)

// Rounding a value outside the range of int32, or NaN, gives the smallest int32, which narrowing takes to the lower
// bound.
static inline VECTOR ROUNDED(const qt_epilogue *e, VECTOR sums, size_t index) {
    typeof(OP(setzero_ps)()) value = OP(mul_ps)(OP(cvtepi32_ps)(sums), OP(loadu_ps)(e->scales + index));
    return OP(cvtps_epi32)(e->is_small ? value : OP(min_ps)(OP(set1_ps)(e->upper), value));
}

// Takes the numbers of four vectors into the range that is looked for; where one is NaN, the second operand is the
// result. Neighbouring pixels use other lanes: each would wait for the stores of the one before it.
static inline void NOTE(float *range, const VECTOR words[4], const void *out) {
    enum { SLOT = 16, SLOTS = QT_EPILOGUE_RANGE / SLOT };
    range += ((uintptr_t)out / 64 % SLOTS) * SLOT;
    typeof(OP(setzero_ps)()) lowest = OP(loadu_ps)(range), highest = OP(loadu_ps)(range + QT_EPILOGUE_RANGE);
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
        typeof(lowest) value;
        memcpy(&value, &words[j], sizeof value);
        lowest = OP(min_ps)(value, lowest);
        highest = OP(max_ps)(value, highest);
    }
    OP(storeu_ps)(range, lowest);
    OP(storeu_ps)(range + QT_EPILOGUE_RANGE, highest);
}

// The finished sums of `count` channels from `channel` on, to the pixel at `out`.
__attribute__((always_inline)) static inline void FINISH(
    const qt_epilogue *e, VECTOR sums[4], size_t channel, size_t count, void *out) {
    if (e->kind == QT_EPILOGUE_REQUANTIZE_U8 || e->kind == QT_EPILOGUE_REQUANTIZE_S8) {
        const int32_t flip = e->kind == QT_EPILOGUE_REQUANTIZE_S8 ? 0x80 : 0;
        const VECTOR zero_point = OP(set1_epi16)((short)(e->zero_point + flip));
        const VECTOR floor = OP(set1_epi8)((char)((int32_t)e->lower + e->zero_point + flip));
        const VECTOR ceiling = OP(set1_epi8)((char)((int32_t)e->upper + e->zero_point + flip));
        VECTOR q[4];
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) q[j] = ROUNDED(e, sums[j], channel + (size_t)j * (W / 4));
        VECTOR low = OP(adds_epi16)(OP(packs_epi32)(q[0], q[1]), zero_point);
        VECTOR high = OP(adds_epi16)(OP(packs_epi32)(q[2], q[3]), zero_point);
        VECTOR bytes = OP(min_epu8)(OP(max_epu8)(OP(packus_epi16)(low, high), floor), ceiling);
        bytes = XOR(bytes, OP(set1_epi8)((char)flip));
        STORE_BYTES((uint8_t *)out + channel, count, bytes);
        return;
    }
    VECTOR words[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
        words[j] = sums[j];
        if (e->kind == QT_EPILOGUE_ACCUMULATORS) continue;
        size_t index = channel + (size_t)j * (W / 4);
        typeof(OP(setzero_ps)()) value = OP(mul_ps)(OP(cvtepi32_ps)(sums[j]), OP(loadu_ps)(e->scales + index));
        value = OP(add_ps)(value, OP(loadu_ps)(e->biases + index));
        value = OP(min_ps)(OP(set1_ps)(e->upper), OP(max_ps)(OP(set1_ps)(e->lower), value));
        memcpy(&words[j], &value, sizeof value);
    }
    if (e->range && e->kind == QT_EPILOGUE_DEQUANTIZE) NOTE(e->range, words, out);
    ORDER(words);
    int32_t *to = (int32_t *)out + channel;
    if (count == W) {
        for (int j = 0; j < 4; j++) STORE_WORDS(to + j * (W / 4), words[j]);
    } else {
        for (size_t j = 0; j * (W / 4) < count; j++)
            STORE_SOME_WORDS(to + j * (W / 4), count - j * (W / 4), words[j]);
    }
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
    FINISH(&job->epilogue, sums, channel, count, out);
}

// One row of the image as quads: the bytes of four neighbouring pixels interleaved, `step` (2 or 4) pixels from quad to
// quad. The first quad starts at pixel `x`; pixels outside the row are `padding`.
static void GATHER(
    const qt_integer_windows *w, const uint8_t *row, const uint8_t *padding, uint8_t flip_byte, ptrdiff_t x,
    size_t quads, size_t step, size_t count, uint8_t *out) {
    const VECTOR flip = OP(set1_epi8)((char)flip_byte);
    const ptrdiff_t width = (ptrdiff_t)w->width;
#define PIXEL(at) XOR(LOAD((at) >= 0 && (at) < width ? row + (size_t)(at) * w->pixel_stride : padding, count), flip)
    VECTOR x0 = PIXEL(x), x1 = PIXEL(x + 1);
    VECTOR low01 = OP(unpacklo_epi8)(x0, x1), high01 = OP(unpackhi_epi8)(x0, x1);
    for (size_t quad = 0; quad < quads; quad++, out += 4 * W) {
        VECTOR x2 = PIXEL(x + 2), x3 = PIXEL(x + 3);
        VECTOR low23 = OP(unpacklo_epi8)(x2, x3), high23 = OP(unpackhi_epi8)(x2, x3);
        STORE_WORDS(out, OP(unpacklo_epi16)(low01, low23));
        STORE_WORDS(out + W, OP(unpackhi_epi16)(low01, low23));
        STORE_WORDS(out + 2 * W, OP(unpacklo_epi16)(high01, high23));
        STORE_WORDS(out + 3 * W, OP(unpackhi_epi16)(high01, high23));
        x += (ptrdiff_t)step;
        if (step == 4) {
            x0 = PIXEL(x), x1 = PIXEL(x + 1);
            low23 = OP(unpacklo_epi8)(x0, x1), high23 = OP(unpackhi_epi8)(x0, x1);
        }
        low01 = low23, high01 = high23;
    }
#undef PIXEL
}

// The output row under `lines` of quads: `phases` neighbouring pixels lie over the same `quads`, which are `quad_step`
// apart, each with weights moved on by its place.
__attribute__((always_inline)) static inline void STRIP(
    const qt_integer_depthwise *job, const uint8_t *const *lines, size_t line_count, const uint8_t *weights,
    size_t channel, size_t count, const int phases, const int quads, const size_t quad_step, uint8_t *out) {
    const size_t width = job->windows->output_width;
    size_t at = 0;
    for (size_t x = 0; x < width; x += (size_t)phases, at += 4 * W) {
        VECTOR sums[4][4];
#pragma clang loop unroll(full)
        for (int p = 0; p < phases; p++)
#pragma clang loop unroll(full)
            for (int j = 0; j < 4; j++) sums[p][j] = LOAD_WORDS(job->offsets + channel + j * (W / 4));
        const uint8_t *b = weights;
        for (size_t line = 0; line < line_count; line++)
#pragma clang loop unroll(full)
            for (int quad = 0; quad < quads; quad++, b += phases * 4 * W) {
                const uint8_t *a = lines[line] + at + (size_t)quad * quad_step * 4 * W;
#pragma clang loop unroll(full)
                for (int j = 0; j < 4; j++) {
                    VECTOR pixels = LOAD_WORDS(a + j * W);
#pragma clang loop unroll(full)
                    for (int p = 0; p < phases; p++)
                        sums[p][j] = DOT(sums[p][j], pixels, LOAD_WORDS(b + (p * 4 + j) * W));
                }
            }
#pragma clang loop unroll(full)
        for (int p = 0; p < phases; p++, out += job->output_stride)
            if (x + (size_t)p < width) FINISH(&job->epilogue, sums[p], channel, count, out);
    }
}

#undef NAME_
#undef NAME__
#undef BLOCK
#undef FINISH
#undef ROUNDED
#undef NOTE
#undef GATHER
#undef STRIP
#undef W
#undef VECTOR
#undef OP
#undef XOR
#undef LOAD
#undef LOAD_WORDS
#undef STORE_WORDS
#undef STORE_SOME_WORDS
#undef ORDER
#undef DOT
#undef STORE_BYTES
