// What becomes of a tile's sums: the epilogues of qt_integer_gemm.h. Included after the vectors, by the tiles.

// Everything an epilogue needs that is the same for all rows of a tile.
typedef struct {
    floats upper;
    words zero_point;   // 16 bits, flipped with the bytes
    words floor, ceiling, flip;  // bytes: the bounds in output integers, flipped; and the flip, 0x80 for s8
} byte_form;

static inline byte_form byte_form_of(const qt_epilogue *e) {
    int32_t flip = e->kind == QT_EPILOGUE_REQUANTIZE_S8 ? 0x80 : 0;
    return (byte_form){
        .upper = repeat_float(e->upper),
        .zero_point = repeat_half(e->zero_point + flip),
        .floor = repeat_byte((int32_t)e->lower + e->zero_point + flip),
        .ceiling = repeat_byte((int32_t)e->upper + e->zero_point + flip),
        .flip = repeat_byte(flip),
    };
}

// Rounding a value outside the range of int32, or NaN, gives the smallest int32, which narrowing takes to the lower
// bound.
static inline words rounded(floats value, floats upper, const int is_small) {
    return nearest(is_small ? value : least(upper, value));
}

static inline floats with_addend(
    const qt_epilogue *e, floats scaled, const uint8_t *bytes, size_t count, uint8_t flip) {
    const qt_epilogue_addend *a = &e->addend;
    floats own = least(greatest(scaled, repeat_float(a->own_lower)), repeat_float(a->own_upper));
    own = multiply(nearest_real(own), repeat_float(a->own_ratio));
    words other = subtract(load_bytes(bytes, count, flip), repeat_word_of(a->zero_point + flip));
    return add(own, multiply(real(other), repeat_float(a->ratio)));
}

// The first `count` columns of a tile, a constant where it is whole; `adds` where there is an addend, `is_small` as in
// the epilogue.
__attribute__((always_inline)) static inline void finish_bytes(
    const qt_integer_block *g, words sums[TILE_ROWS][VECTORS], size_t row, size_t column, const int rows,
    const int vectors, const size_t count, const int adds, const int is_small) {
    const qt_epilogue *e = &g->epilogue;
    const byte_form form = byte_form_of(e);
    const uint8_t flip = e->kind == QT_EPILOGUE_REQUANTIZE_S8 ? 0x80 : 0;
    const size_t offset = row * g->c_stride + column;
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        const size_t skipped = (size_t)v * LANES;
        floats scales = load_floats(e->scales + column + skipped);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            floats value = multiply(real(sums[i][v]), scales);
            if (adds && skipped < count) {
                const uint8_t *bytes = (const uint8_t *)e->addend.values + offset + (size_t)i * g->c_stride + skipped;
                value = with_addend(e, value, bytes, count - skipped, flip);
            }
            sums[i][v] = rounded(value, form.upper, is_small);
        }
    }
    uint8_t *out = (uint8_t *)g->c + offset;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i += 2, out += 2 * g->c_stride) {
        words first = halves(sums[i][0], sums[i][vectors - 1], form.zero_point), second = first;
        if (i + 1 < rows) second = halves(sums[i + 1][0], sums[i + 1][vectors - 1], form.zero_point);
        words bytes = bytes_of_rows(first, second, form.floor, form.ceiling, form.flip);
        store_first_row(out, bytes, count);
        if (i + 1 < rows) store_second_row(out + g->c_stride, bytes, count);
    }
}

__attribute__((always_inline)) static inline void finish_sums(
    const qt_integer_block *g, words sums[TILE_ROWS][VECTORS], size_t row, size_t column, const int rows,
    const int vectors) {
    uint8_t *out = (uint8_t *)g->c + row * g->c_stride + column * 4;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++, out += g->c_stride)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            if (column + (size_t)v * LANES < g->columns)
                store_words(out + v * LANES * 4, sums[i][v], g->columns - column - (size_t)v * LANES);
}

// What clamping real numbers takes: nothing; a lower bound that is not negative, or two; or anything. Where it is FREE,
// nobody asks for the range either.
enum { FREE, OPEN, FLOORED, CLIPPED, BOUNDED };

static inline int bounds_of(const qt_epilogue *e) {
    if (e->lower >= 0) return e->upper < INFINITY ? CLIPPED : FLOORED;
    if (e->lower > -INFINITY || e->upper < INFINITY) return BOUNDED;
    return e->range ? OPEN : FREE;
}

// The first `count` columns of a tile, row by row, so that output and addend pass by in the order of memory.
__attribute__((always_inline)) static inline void finish_floats(
    const qt_integer_block *g, words sums[TILE_ROWS][VECTORS], size_t row, size_t column, const int rows,
    const int vectors, const size_t count, const int adds, const int bounds) {
    const qt_epilogue *e = &g->epilogue;
    const floats lower = repeat_float(e->lower), upper = repeat_float(e->upper);
    const size_t offset = row * g->c_stride + column * sizeof(float);
    uint8_t *out = (uint8_t *)g->c + offset;
    const uint8_t *addend = adds ? (const uint8_t *)e->addend.values + offset : out;
    floats lowest[VECTORS], highest[VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        lowest[v] = highest[v] = repeat_float(0);
        if (bounds == FREE || !e->range) continue;
        lowest[v] = load_floats(e->range + v * LANES);
        highest[v] = load_floats(e->range + QT_EPILOGUE_RANGE + v * LANES);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++, out += g->c_stride, addend += g->c_stride)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const size_t skipped = (size_t)v * LANES, first = column + skipped;
            // Only the last vector of a tile may have columns to spare.
            const size_t some = v + 1 < vectors ? LANES : count - skipped;
            floats value = multiply(real(sums[i][v]), load_floats(e->scales + first));
            value = add(value, load_floats(e->biases + first));
            if (adds) value = add(value, load_some_floats((const float *)addend + skipped, some));
            // Where one is NaN, the second operand is the result.
            if (bounds != OPEN && bounds != FREE) value = greatest(lower, value);
            if (bounds == CLIPPED || bounds == BOUNDED) value = least(upper, value);
            if (bounds == OPEN || bounds == BOUNDED) lowest[v] = least(value, lowest[v]);
            if (bounds != FREE) highest[v] = greatest(value, highest[v]);
            store_floats((float *)out + skipped, value, some);
        }
    if (bounds == FREE || !e->range) return;
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        store_words(e->range + v * LANES, bits_of(lowest[v]), LANES);
        store_words(e->range + QT_EPILOGUE_RANGE + v * LANES, bits_of(highest[v]), LANES);
    }
}

__attribute__((always_inline)) static inline void finish(
    const qt_integer_block *g, words sums[TILE_ROWS][VECTORS], size_t row, size_t column, const int rows,
    const int vectors) {
    const size_t all = (size_t)vectors * LANES, rest = g->columns - column;
    const int adds = g->epilogue.addend.values != NULL;
#define FINISH(kind, choice)                                                      \
    do {                                                                          \
        if (rest >= all && adds)                                                  \
            finish_##kind(g, sums, row, column, rows, vectors, all, 1, choice);   \
        else if (rest >= all)                                                     \
            finish_##kind(g, sums, row, column, rows, vectors, all, 0, choice);   \
        else if (adds)                                                            \
            finish_##kind(g, sums, row, column, rows, vectors, rest, 1, choice);  \
        else                                                                      \
            finish_##kind(g, sums, row, column, rows, vectors, rest, 0, choice);  \
    } while (0)
    if (g->epilogue.kind == QT_EPILOGUE_ACCUMULATORS) {
        finish_sums(g, sums, row, column, rows, vectors);
    } else if (g->epilogue.kind != QT_EPILOGUE_DEQUANTIZE) {
        if (g->epilogue.is_small)
            FINISH(bytes, 1);
        else
            FINISH(bytes, 0);
    } else {
        // A tile of few rows is no part of anything large.
        const int bounds = rows < 4 ? BOUNDED : bounds_of(&g->epilogue);
        if (bounds == FREE)
            FINISH(floats, FREE);
        else if (bounds == OPEN)
            FINISH(floats, OPEN);
        else if (bounds == FLOORED)
            FINISH(floats, FLOORED);
        else if (bounds == CLIPPED)
            FINISH(floats, CLIPPED);
        else
            FINISH(floats, BOUNDED);
    }
#undef FINISH
}
