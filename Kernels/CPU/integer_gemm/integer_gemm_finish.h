// What becomes of a tile's sums: the epilogues of qt_integer_gemm.h. Included after the vectors, by the tiles.

// Everything an epilogue needs that is the same for all rows of a tile.
typedef struct {
    floats upper;
    words zero_point;   // 16 bits, flipped with the bytes
    words floor, flip;  // bytes: the lower bound in output integers, flipped; and the flip, 0x80 for s8
} byte_form;

static inline byte_form byte_form_of(const qt_epilogue *e) {
    int32_t flip = e->kind == QT_EPILOGUE_REQUANTIZE_S8 ? 0x80 : 0;
    return (byte_form){
        .upper = repeat_float(e->upper),
        .zero_point = repeat_half(e->zero_point + flip),
        .floor = repeat_byte((int32_t)e->lower + e->zero_point + flip),
        .flip = repeat_byte(flip),
    };
}

// Rounding a value below the range of int32, or NaN, gives the smallest int32, which narrowing takes to the lower
// bound.
static inline words rounded(floats value, floats upper) { return nearest(least(upper, value)); }

static inline floats with_addend(
    const qt_epilogue *e, floats scaled, const uint8_t *bytes, size_t count, uint8_t flip) {
    const qt_epilogue_addend *a = &e->addend;
    floats own = least(greatest(scaled, repeat_float(a->own_lower)), repeat_float(a->own_upper));
    own = multiply(nearest_real(own), repeat_float(a->own_ratio));
    words other = subtract(load_bytes(bytes, count, flip), repeat_word_of(a->zero_point + flip));
    return add(own, multiply(real(other), repeat_float(a->ratio)));
}

// The first `count` columns of a tile, a constant where it is whole; `adds` where there is an addend.
__attribute__((always_inline)) static inline void finish_bytes(
    const qt_integer_block *g, words sums[TILE_ROWS][VECTORS], size_t row, size_t column, const int rows,
    const int vectors, const size_t count, const int adds) {
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
                const uint8_t *bytes = e->addend.values + offset + (size_t)i * g->c_stride + skipped;
                value = with_addend(e, value, bytes, count - skipped, flip);
            }
            sums[i][v] = rounded(value, form.upper);
        }
    }
    uint8_t *out = (uint8_t *)g->c + offset;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i += 2, out += 2 * g->c_stride) {
        words first = halves(sums[i][0], sums[i][vectors - 1], form.zero_point), second = first;
        if (i + 1 < rows) second = halves(sums[i + 1][0], sums[i + 1][vectors - 1], form.zero_point);
        words bytes = bytes_of_rows(first, second, form.floor, form.flip);
        store_first_row(out, bytes, count);
        if (i + 1 < rows) store_second_row(out + g->c_stride, bytes, count);
    }
}

__attribute__((always_inline)) static inline void finish_words(
    const qt_integer_block *g, words sums[TILE_ROWS][VECTORS], size_t row, size_t column, const int rows,
    const int vectors) {
    const qt_epilogue *e = &g->epilogue;
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        const size_t first = column + (size_t)v * LANES;
        if (first >= g->columns) return;
        uint8_t *out = (uint8_t *)g->c + row * g->c_stride + first * 4;
        if (e->kind == QT_EPILOGUE_ACCUMULATORS) {
#pragma clang loop unroll(full)
            for (int i = 0; i < rows; i++, out += g->c_stride) store_words(out, sums[i][v], g->columns - first);
            continue;
        }
        floats scales = load_floats(e->scales + first), biases = load_floats(e->biases + first);
        floats lower = repeat_float(e->lower), upper = repeat_float(e->upper);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++, out += g->c_stride) {
            floats value = add(multiply(real(sums[i][v]), scales), biases);
            store_floats((float *)out, least(upper, greatest(lower, value)), g->columns - first);
        }
    }
}

__attribute__((always_inline)) static inline void finish(
    const qt_integer_block *g, words sums[TILE_ROWS][VECTORS], size_t row, size_t column, const int rows,
    const int vectors) {
    if (g->epilogue.kind != QT_EPILOGUE_REQUANTIZE_U8 && g->epilogue.kind != QT_EPILOGUE_REQUANTIZE_S8) {
        finish_words(g, sums, row, column, rows, vectors);
    } else if (g->columns - column >= (size_t)vectors * LANES) {
        if (g->epilogue.addend.values)
            finish_bytes(g, sums, row, column, rows, vectors, (size_t)vectors * LANES, 1);
        else
            finish_bytes(g, sums, row, column, rows, vectors, (size_t)vectors * LANES, 0);
    } else if (g->epilogue.addend.values) {
        finish_bytes(g, sums, row, column, rows, vectors, g->columns - column, 1);
    } else {
        finish_bytes(g, sums, row, column, rows, vectors, g->columns - column, 0);
    }
}
