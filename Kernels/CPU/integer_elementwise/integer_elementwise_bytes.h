// Loops over bytes, BLOCK at a time, in terms of the vectors of integer_elementwise_x86_<width>.h. They do what the
// loops of integer_elementwise_loops.h do, in the same order, and leave to them what they do not cover.
//
// Signed bytes are taken as unsigned ones with a zero point that is 128 higher. The clamp comes after the rounding,
// on 16-bit integers: bounds are integers, and rounding keeps the order, so that the result is the same.

typedef struct {
    floats part[4];
} reals;

typedef struct {
    bits flip;
    floats shift;
    floats ratio;
} byte_source;

typedef struct {
    bits flip, zero_point, lower, upper;
} byte_target;

static inline int sign_flip(int type) { return type == QT_S8 ? 0x80 : 0; }

// Whether sums of `reach` in size are exact in the steps that follow, and zero points fit into 16 bits.
static inline _Bool is_in_reach(float reach, qt_integer_target target) {
    return reach < 1073741824.0f && target.zero_point >= -16384 && target.zero_point <= 16384;
}

static inline float reach_of(int32_t zero_point, float ratio) {
    float size = 255.0f + __builtin_fabsf((float)zero_point);
    return size < 4194304.0f ? size * __builtin_fabsf(ratio) : __builtin_inff();
}

// The float 2^23 + n has the bits 0x4B000000 + n.
static inline byte_source source_of_bytes(int type, int32_t zero_point, float ratio) {
    int flip = sign_flip(type);
    return (byte_source){repeat_byte(flip), repeat_float((float)(8388608 + zero_point + flip)), repeat_float(ratio)};
}

static inline byte_target target_of_bytes(int type, qt_integer_target t) {
    int zero_point = t.zero_point + sign_flip(type);
    return (byte_target){
        repeat_byte(sign_flip(type)), repeat_half(zero_point), repeat_half((int)t.lower + zero_point),
        repeat_half((int)t.upper + zero_point)};
}

// value - zero point of each byte, in the order that `narrowed` takes back.
static inline reals centred(byte_source s, bits bytes) {
    const bits exponent = repeat_half(0x4B00);
    bits flipped = bytes ^ s.flip;
    bits low = interleave8_low(flipped, repeat_byte(0)), high = interleave8_high(flipped, repeat_byte(0));
    return (reals){{
        as_floats(interleave16_low(low, exponent)) - s.shift, as_floats(interleave16_high(low, exponent)) - s.shift,
        as_floats(interleave16_low(high, exponent)) - s.shift, as_floats(interleave16_high(high, exponent)) - s.shift}};
}

static inline reals scaled(byte_source s, bits bytes) {
    reals values = centred(s, bytes);
    for (int i = 0; i < 4; i++) values.part[i] = values.part[i] * s.ratio;
    return values;
}

// `is_whole` where the bounds are those of the bytes, which narrowing keeps to.
static inline bits narrowed(byte_target t, reals values, const _Bool is_whole) {
    bits low = add_halves(narrow_words(rounded(values.part[0]), rounded(values.part[1])), t.zero_point);
    bits high = add_halves(narrow_words(rounded(values.part[2]), rounded(values.part[3])), t.zero_point);
    if (!is_whole) {
        low = clamp_halves(low, t.lower, t.upper);
        high = clamp_halves(high, t.lower, t.upper);
    }
    return narrow_halves(low, high) ^ t.flip;
}

static inline bits load_up_to(const uint8_t *p, size_t count) {
    return count >= BLOCK ? load_bits(p) : load_some(p, count);
}

static inline void store_up_to(uint8_t *p, bits value, size_t count) {
    if (count >= BLOCK)
        store_bits(p, value);
    else
        store_some(p, value, count);
}

// An operand's bytes from element `i` on, of which `count` are left.
static inline bits operand_bytes(qt_integer_operand operand, bits repeated, size_t i, size_t count) {
    return operand.is_scalar ? repeated : load_up_to(operand.values + i, count);
}

static void add_bytes(
    qt_integer_operand a, qt_integer_operand b, size_t count, qt_integer_target t, int type, void *out) {
    if (!is_in_reach(reach_of(a.zero_point, a.ratio) + reach_of(b.zero_point, b.ratio), t)) {
        add(a, b, count, t, type, out);
        return;
    }
    byte_source left = source_of_bytes(type, a.zero_point, a.ratio);
    byte_source right = source_of_bytes(type, b.zero_point, b.ratio);
    byte_target target = target_of_bytes(type, t);
    bits first = repeat_byte(a.values[0]), second = repeat_byte(b.values[0]);
    for (size_t i = 0; i < count; i += BLOCK) {
        reals x = scaled(left, operand_bytes(a, first, i, count - i));
        reals y = scaled(right, operand_bytes(b, second, i, count - i));
        for (int k = 0; k < 4; k++) x.part[k] = x.part[k] + y.part[k];
        store_up_to((uint8_t *)out + i, narrowed(target, x, 0), count - i);
    }
}

// The product of two centred bytes is exact in float32.
static void multiply_bytes(
    qt_integer_operand a, qt_integer_operand b, size_t count, qt_integer_target t, int type, void *out) {
    float product_reach = reach_of(a.zero_point, 1) * reach_of(b.zero_point, 1);
    if (product_reach > 16777216.0f || !is_in_reach(product_reach * __builtin_fabsf(a.ratio), t)) {
        multiply(a, b, count, t, type, out);
        return;
    }
    byte_source left = source_of_bytes(type, a.zero_point, a.ratio);
    byte_source right = source_of_bytes(type, b.zero_point, b.ratio);
    byte_target target = target_of_bytes(type, t);
    bits first = repeat_byte(a.values[0]), second = repeat_byte(b.values[0]);
    for (size_t i = 0; i < count; i += BLOCK) {
        reals x = centred(left, operand_bytes(a, first, i, count - i));
        reals y = centred(right, operand_bytes(b, second, i, count - i));
        for (int k = 0; k < 4; k++) x.part[k] = x.part[k] * y.part[k] * left.ratio;
        store_up_to((uint8_t *)out + i, narrowed(target, x, 0), count - i);
    }
}

static void requantize_bytes(
    const void *x, size_t count, int from, int32_t from_zero, float ratio, qt_integer_target t, int to, void *out) {
    if ((from != QT_U8 && from != QT_S8) || !is_in_reach(reach_of(from_zero, ratio), t)) {
        requantize(x, count, from, from_zero, ratio, t, to, out);
        return;
    }
    byte_source source = source_of_bytes(from, from_zero, ratio);
    byte_target target = target_of_bytes(to, t);
    for (size_t i = 0; i < count; i += BLOCK) {
        reals values = scaled(source, load_up_to((const uint8_t *)x + i, count - i));
        store_up_to((uint8_t *)out + i, narrowed(target, values, 0), count - i);
    }
}

// Division by `divisor` for quotients that are then rounded to integers: the product with the inverse and with what is
// missing from it, rounded once. It can differ from the rounded quotient only where this lies next to the middle between
// two floats, and the integer only where these are k + 1/2 and its neighbours: for no significand of a divisor, and no
// dividend near (k + 1/2) of it with k below 256, does it.
typedef struct {
    floats inverse, missing, most;
} rounding_divisor;

// Whether quotients are in reach of that, and no step under- or overflows.
static inline _Bool is_rounding_divisor(float divisor, qt_integer_target t) {
    return divisor > 0x1p-100f && divisor < 0x1p100f && t.lower >= -255 && t.upper <= 255;
}

// What lies above the target's bound by more than 1 is taken to there. What lies far below is rounded to the smallest
// int32, as NaN is, and so is what overflows there.
static inline rounding_divisor rounding_divisor_of(float divisor, qt_integer_target t) {
    const float inverse = 1 / divisor, missing = __builtin_fmaf(-inverse, divisor, 1) / divisor;
    return (rounding_divisor){repeat_float(inverse), repeat_float(missing), repeat_float((t.upper + 1) * divisor)};
}

static inline floats divided(rounding_divisor d, floats value) {
    floats dividend = least_or_nan(d.most, value);
    return fused(dividend, d.inverse, dividend * d.missing);
}

__attribute__((always_inline)) static inline void quantize_blocks(
    const float *x, size_t count, float scale, qt_integer_target t, int type, const _Bool is_whole, uint8_t *out) {
    // Asked for ahead: the hardware stops at the end of each page.
    enum { FLOATS_AHEAD = 512, FLOATS_A_LINE = 16 };
    byte_target target = target_of_bytes(type, t);
    rounding_divisor divisor = rounding_divisor_of(scale, t);
    for (size_t i = 0; i < count; i += BLOCK) {
        reals values;
        for (int k = 0; k < BLOCK; k += FLOATS_A_LINE) __builtin_prefetch(x + i + FLOATS_AHEAD + k);
        for (int k = 0; k < 4; k++) values.part[k] = divided(divisor, load_floats(x + i + BLOCK / 4 * k));
        store_bits(out + i, ordered(narrowed(target, values, is_whole)));
    }
}

static void quantize_bytes(const float *x, size_t count, float scale, qt_integer_target t, int type, void *out) {
    const _Bool are_bytes = type == QT_U8 || type == QT_S8;
    const size_t blocks = are_bytes && is_rounding_divisor(scale, t) ? count / BLOCK * BLOCK : 0;
    const int32_t zero_point = t.zero_point + sign_flip(type);
    if (t.lower + (float)zero_point == 0 && t.upper + (float)zero_point == 255)
        quantize_blocks(x, blocks, scale, t, type, 1, out);
    else
        quantize_blocks(x, blocks, scale, t, type, 0, out);
    if (blocks < count) {
        size_t element = type == QT_U16 || type == QT_S16 ? 2 : 1;
        quantize(x + blocks, count - blocks, scale, t, type, (uint8_t *)out + blocks * element);
    }
}

static void dequantize_bytes(const void *x, size_t count, int type, float scale, int32_t zero_point, float *out) {
    const uint8_t *source = x;
    int flip = sign_flip(type);
    size_t whole = (type == QT_U8 || type == QT_S8) && reach_of(zero_point, 1) < 4194304.0f ? count / BLOCK * BLOCK : 0;
    bits exponent = repeat_word(0x4B000000 ^ flip);
    floats shift = repeat_float((float)(8388608 + (whole > 0 ? zero_point + flip : 0))), factor = repeat_float(scale);
    for (size_t i = 0; i < whole; i += BLOCK / 4)
        store_floats(out + i, (as_floats(words_of_bytes(source + i) ^ exponent) - shift) * factor);
    if (whole < count) {
        size_t element = type == QT_S32 ? 4 : type == QT_U16 || type == QT_S16 ? 2 : 1;
        dequantize(source + whole * element, count - whole, type, scale, zero_point, out + whole);
    }
}
