// What becomes of a tile's sums: the epilogues of qt_integer_gemm.h. Included after the vectors, by the tiles.

// Everything an epilogue needs that is the same for all rows of a tile.
typedef struct {
    floats upper;
    words zero_point;            // 16 bits, flipped with the bytes
    words floor, ceiling, flip;  // bytes: the bounds in output integers, flipped; and the flip, 0x80 for s8
    words addend_zero_point;     // flipped with the addend's bytes
} byte_form;

static inline byte_form byte_form_of(const qt_epilogue *e) {
    int32_t flip = e->kind == QT_EPILOGUE_REQUANTIZE_S8 ? 0x80 : 0;
    return (byte_form){
        .upper = repeat_float(e->upper),
        .zero_point = repeat_half(e->zero_point + flip),
        .floor = repeat_byte((int32_t)e->lower + e->zero_point + flip),
        .ceiling = repeat_byte((int32_t)e->upper + e->zero_point + flip),
        .flip = repeat_byte(flip),
        .addend_zero_point = repeat_word_of(e->addend.zero_point + flip),
    };
}

// Rounding a value outside the range of int32, or NaN, gives the smallest int32, which narrowing takes to the lower
// bound.
static inline words rounded(floats value, floats upper, const int is_small) {
    return nearest(is_small ? value : least(upper, value));
}

static inline floats with_addend(
    const qt_epilogue_addend *a, const byte_form *form, floats scaled, const uint8_t *bytes, size_t count) {
    floats own = least(greatest(scaled, repeat_float(a->own_lower)), repeat_float(a->own_upper));
    own = multiply(nearest_real(own), repeat_float(a->own_ratio));
    words other = subtract(load_bytes(bytes, count, form->flip), form->addend_zero_point);
    return add(own, multiply(real(other), repeat_float(a->ratio)));
}

// Rounded values of the first `count` columns of a row, in halves that the zero point has been added to.
__attribute__((always_inline)) static inline words row_of_halves(
    const qt_epilogue *e, const byte_form *form, const words sums[VECTORS], size_t column, const uint8_t *addend,
    const int vectors, const size_t count, const int adds, const int is_small) {
    words nearest[VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        const size_t skipped = (size_t)v * LANES;
        floats value = multiply(real(sums[v]), load_floats(e->scales + column + skipped));
        if (adds && skipped < count) value = with_addend(&e->addend, form, value, addend + skipped, count - skipped);
        nearest[v] = rounded(value, form->upper, is_small);
        // A wide tile takes nearly all registers.
        if (vectors == VECTORS) in_turn(&nearest[v]);
    }
    return halves(nearest[0], nearest[vectors - 1], form->zero_point);
}

// The first `count` columns of two rows of a tile, or of one where there is no second, a constant where they are all;
// `adds` where there is an addend, `is_small` as in the epilogue.
__attribute__((always_inline)) static inline void finish_pair_of_bytes(
    const qt_integer_block *g, const byte_form *form, const words sums[2][VECTORS], size_t offset, size_t column,
    const int has_second, const int vectors, const size_t count, const int adds, const int is_small) {
    const qt_epilogue *e = &g->epilogue;
    uint8_t *out = (uint8_t *)g->c + offset;
    const uint8_t *addend = adds ? (const uint8_t *)e->addend.values + offset : out;
    words first = row_of_halves(e, form, sums[0], column, addend, vectors, count, adds, is_small), second = first;
    if (has_second)
        second = row_of_halves(e, form, sums[1], column, addend + g->c_stride, vectors, count, adds, is_small);
    words bytes = bytes_of_rows(first, second, form->floor, form->ceiling, form->flip);
    store_first_row(out, bytes, count);
    if (has_second) store_second_row(out + g->c_stride, bytes, count);
}

__attribute__((always_inline)) static inline void finish_bytes(
    const qt_integer_block *g, words sums[TILE_ROWS][VECTORS], size_t row, size_t column, const int rows,
    const int vectors, const size_t count, const int adds, const int is_small) {
    const byte_form form = byte_form_of(&g->epilogue);
    size_t offset = row * g->c_stride + column;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i += 2, offset += 2 * g->c_stride)
        finish_pair_of_bytes(
            g, &form, (const words(*)[VECTORS])sums + i, offset, column, i + 1 < rows, vectors, count, adds, is_small);
}

// The first `count` columns of a tile, a constant where they are all.
__attribute__((always_inline)) static inline void finish_sums(
    const qt_integer_block *g, words sums[TILE_ROWS][VECTORS], size_t row, size_t column, const int rows,
    const int vectors, const size_t count) {
    const size_t stride = g->c_stride;
    uint8_t *out = (uint8_t *)g->c + row * stride + column * 4;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++, out += stride)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            if ((size_t)v * LANES < count)
                store_words(out + v * LANES * 4, sums[i][v], count - (size_t)v * LANES);
}

// What clamping real numbers takes: nothing; a lower bound that is not negative, or two; or anything. Where it is FREE,
// nobody asks for the range either.
enum { FREE, OPEN, FLOORED, CLIPPED, BOUNDED };

static inline int bounds_of(const qt_epilogue *e) {
    if (e->lower >= 0) return e->upper < INFINITY ? CLIPPED : FLOORED;
    if (e->lower > -INFINITY || e->upper < INFINITY) return BOUNDED;
    return e->range ? OPEN : FREE;
}

// The lowest and the highest of the real numbers in each lane so far.
typedef struct {
    floats lowest[VECTORS], highest[VECTORS];
} lane_ranges;

__attribute__((always_inline)) static inline lane_ranges load_ranges(
    const float *range, const int vectors, const int bounds) {
    lane_ranges lanes;
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        lanes.lowest[v] = lanes.highest[v] = repeat_float(0);
        if (bounds == FREE || !range) continue;
        if (bounds == OPEN || bounds == BOUNDED) lanes.lowest[v] = load_floats(range + v * LANES);
        lanes.highest[v] = load_floats(range + QT_EPILOGUE_RANGE + v * LANES);
    }
    return lanes;
}

__attribute__((always_inline)) static inline void store_ranges(
    const lane_ranges *lanes, float *range, const int vectors, const int bounds) {
    if (bounds == FREE || !range) return;
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        if (bounds == OPEN || bounds == BOUNDED) store_floats(range + v * LANES, lanes->lowest[v], LANES);
        store_floats(range + QT_EPILOGUE_RANGE + v * LANES, lanes->highest[v], LANES);
    }
}

// What all rows of a tile share in a vector of columns.
typedef struct {
    floats scales, biases, lower, upper;
} float_form;

static inline float_form float_form_of(const qt_epilogue *e, size_t column) {
    return (float_form){
        load_floats(e->scales + column), load_floats(e->biases + column), repeat_float(e->lower),
        repeat_float(e->upper)};
}

// A vector of a row, with `count` numbers at `addend`, where there is one, to be added.
__attribute__((always_inline)) static inline floats finished_floats(
    const float_form *form, words sums, const float *addend, size_t count, floats *lowest, floats *highest,
    const int adds, const int bounds) {
    floats value = add(multiply(real(sums), form->scales), form->biases);
    if (adds) value = add(value, load_some_floats(addend, count));
    // Where one is NaN, the second operand is the result.
    if (bounds != OPEN && bounds != FREE) value = greatest(form->lower, value);
    if (bounds == CLIPPED || bounds == BOUNDED) value = least(form->upper, value);
    if (bounds == OPEN || bounds == BOUNDED) *lowest = least(value, *lowest);
    if (bounds != FREE) *highest = greatest(value, *highest);
    return value;
}

// A vector of columns of some rows of a tile, `count` numbers of each, from `offset` of the output on.
__attribute__((always_inline)) static inline void finish_vector_of_floats(
    const qt_integer_block *g, const words sums[][VECTORS], const int v, size_t offset, size_t column,
    lane_ranges *lanes, const int rows, const size_t count, const int adds, const int bounds) {
    const qt_epilogue *e = &g->epilogue;
    const float_form form = float_form_of(e, column);
    const size_t stride = g->c_stride;
    uint8_t *out = g->c;
    const uint8_t *addend = adds ? e->addend.values : out;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++, offset += stride) {
        floats value = finished_floats(
            &form, sums[i][v], (const float *)(addend + offset), count, &lanes->lowest[v], &lanes->highest[v], adds,
            bounds);
        store_floats((float *)(out + offset), value, count);
    }
}

// The first `count` columns of some rows of a tile, vector by vector: what the rows share stays in registers.
__attribute__((always_inline)) static inline void finish_rows_of_floats(
    const qt_integer_block *g, const words sums[][VECTORS], size_t row, size_t column, lane_ranges *lanes,
    const int rows, const int vectors, const size_t count, const int adds, const int bounds) {
    const size_t offset = row * g->c_stride + column * sizeof(float);
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        const size_t skipped = (size_t)v * LANES;
        // Only the last vector of a tile may have columns to spare.
        const size_t some = v + 1 < vectors ? LANES : count - skipped;
        finish_vector_of_floats(
            g, sums, v, offset + skipped * sizeof(float), column + skipped, lanes, rows, some, adds, bounds);
    }
}

__attribute__((always_inline)) static inline void finish_floats(
    const qt_integer_block *g, words sums[TILE_ROWS][VECTORS], size_t row, size_t column, const int rows,
    const int vectors, const size_t count, const int adds, const int bounds) {
    float *range = g->epilogue.range;
    lane_ranges lanes = load_ranges(range, vectors, bounds);
    finish_rows_of_floats(
        g, (const words(*)[VECTORS])sums, row, column, &lanes, rows, vectors, count, adds, bounds);
    store_ranges(&lanes, range, vectors, bounds);
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
        if (rest >= all)
            finish_sums(g, sums, row, column, rows, vectors, all);
        else
            finish_sums(g, sums, row, column, rows, vectors, rest);
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
