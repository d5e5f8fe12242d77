// The product of packed operands, tile by tile. The including file gives the vectors (`words` and its functions),
// TILE_ROWS, ELEMENT_BYTES, for high tiles REST_ROWS, the rows of a lower one (7 or 8), and `dot`, which adds to each
// lane of the sums the products of the four bytes (or two words of 16 bits) in that lane.

enum { VECTORS = 2, TILE_COLUMNS = VECTORS * LANES };

#include "integer_gemm_finish.h"

static inline size_t steps_of(size_t depth) { return depth * ELEMENT_BYTES / 4; }

// Weights to have at hand for the next panel: `stride` bytes further with each step of every tile of this one.
typedef struct {
    const uint8_t *next;
    size_t stride;
} lookahead;

// `b` is a panel of `tiles` tiles; a panel of as many bytes follows it where `has_next`.
static inline lookahead look_ahead(
    const qt_integer_block *g, const uint8_t *b, int has_next, size_t tiles, const int vectors) {
    if (!has_next) return (lookahead){b, 0};
    // A cache line a step at most: more would hold up the loads of this panel.
    const size_t step = (size_t)vectors * LANES * 4, share = (step + tiles - 1) / tiles;
    return (lookahead){b + steps_of(g->depth) * step, share < 64 ? share : 64};
}

// Asks for what belongs to the columns of the panel at `column`: a few lines, too far apart in time for the hardware.
static inline void prefetch_columns(const qt_integer_block *g, size_t column) {
    const void *const arrays[] = {g->offsets, g->epilogue.scales, g->epilogue.biases, g->weight_zero_points};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        if (!arrays[i]) continue;
        for (size_t byte = 0; byte < TILE_COLUMNS * 4; byte += 64)
            __builtin_prefetch((const char *)arrays[i] + column * 4 + byte);
    }
}

static inline void prefetch_addend(const qt_integer_block *g, size_t row, size_t column, const int rows) {
    const int is_float = g->epilogue.kind == QT_EPILOGUE_DEQUANTIZE;
    const uint8_t *addend = g->epilogue.addend.values;
    addend += row * g->c_stride + column * (is_float ? sizeof(float) : 1);
    for (int i = 0; i < rows; i++, addend += g->c_stride) {
        __builtin_prefetch(addend);
        if (is_float) __builtin_prefetch(addend + 64);
    }
}

// How a tile is finished: at once; or late, while the next one is multiplied, which hides the work and the memory it
// waits for. For the latter the epilogue is spelled out.
typedef struct {
    int is_late, is_bytes, is_small, adds, bounds;
} finishing;

// A whole tile that is finished late.
typedef struct {
    words sums[TILE_ROWS][VECTORS];
    // Of the numbers in the same row of all tiles so far: in one place for all rows, each would wait for the last.
    lane_ranges ranges[TILE_ROWS];
    byte_form form;
    size_t row, column;
    int is_waiting;
} late_tile;

static void begin_late(const qt_integer_block *g, late_tile *late) {
    late->is_waiting = 0;
    if (g->epilogue.kind != QT_EPILOGUE_DEQUANTIZE) late->form = byte_form_of(&g->epilogue);
    for (int i = 0; i < TILE_ROWS; i++)
        for (int v = 0; v < VECTORS; v++) {
            late->ranges[i].lowest[v] = repeat_float(INFINITY);
            late->ranges[i].highest[v] = repeat_float(-INFINITY);
        }
}

static void end_late(const qt_integer_block *g, late_tile *late) {
    if (late->is_waiting) finish(g, late->sums, late->row, late->column, TILE_ROWS, VECTORS);
    float *range = g->epilogue.range;
    if (!range) return;
    lane_ranges all = load_ranges(range, VECTORS, BOUNDED);
    for (int i = 0; i < TILE_ROWS; i++)
        for (int v = 0; v < VECTORS; v++) {
            all.lowest[v] = least(late->ranges[i].lowest[v], all.lowest[v]);
            all.highest[v] = greatest(late->ranges[i].highest[v], all.highest[v]);
        }
    store_ranges(&all, range, VECTORS, BOUNDED);
}

// A late tile is finished in parts: rows of floats, or pairs of rows of bytes.
__attribute__((always_inline)) static inline size_t parts_of(const finishing how) {
    return how.is_bytes ? (TILE_ROWS + 1) / 2 : TILE_ROWS;
}

__attribute__((always_inline)) static inline void finish_part(
    const qt_integer_block *g, late_tile *late, size_t part, const finishing how) {
    if (how.is_bytes) {
        const size_t offset = (late->row + 2 * part) * g->c_stride + late->column;
        const int has_second = TILE_ROWS % 2 == 0 || 2 * part + 1 < TILE_ROWS;
        finish_pair_of_bytes(
            g, &late->form, (const words(*)[VECTORS])late->sums + 2 * part, offset, late->column, has_second, VECTORS,
            TILE_COLUMNS, how.adds, how.is_small);
    } else {
        finish_rows_of_floats(
            g, (const words(*)[VECTORS])late->sums + part, late->row + part, late->column, &late->ranges[part], 1,
            VECTORS, TILE_COLUMNS, how.adds, how.bounds);
    }
}

// Rows of `a` lie `a_stride` apart by threes, which spares address registers, in groups.
enum { GROUP = QT_INTEGER_ROW_GROUP, LED = 3, LEADERS = (TILE_ROWS / GROUP) * 3 + (TILE_ROWS % GROUP + LED - 1) / LED };

static inline int leader_of(int row) { return row / GROUP * 3 + row % GROUP / LED; }
static inline int row_of_leader(int leader) { return leader / 3 * GROUP + leader % 3 * LED; }

// Operands of a tile on their way through the depth.
typedef struct {
    const uint8_t *a[LEADERS];
    size_t a_stride;
    const uint8_t *b;
    lookahead *ahead;
} operands;

__attribute__((always_inline)) static inline operands operands_of(
    const qt_integer_block *g, size_t row, const uint8_t *b, lookahead *ahead, const int rows) {
    operands o = {.a_stride = g->a_stride, .b = b, .ahead = ahead};
#pragma clang loop unroll(full)
    for (int i = 0; i <= leader_of(rows - 1); i++) {
        const size_t first = row + (size_t)row_of_leader(i);
        o.a[i] = (const uint8_t *)g->a + (g->a_offsets ? g->a_offsets[first] : first * g->a_stride);
    }
    return o;
}

__attribute__((always_inline)) static inline void advance(operands *o, size_t bytes, const int rows) {
#pragma clang loop unroll(full)
    for (int i = 0; i <= leader_of(rows - 1); i++) {
        o->a[i] += bytes;
        // Or else the compiler starts every loop by finding out where each leader is in it.
        __asm__("" : "+r"(o->a[i]));
    }
}

// Asks for the weights that many steps further on.
__attribute__((always_inline)) static inline void prefetch_weights(
    const operands *o, const size_t steps, const int vectors) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) __builtin_prefetch(o->b + (steps * (size_t)vectors + (size_t)v) * LANES * 4);
}

// Adds the products of the next four bytes (or two words of 16 bits) of each row.
__attribute__((always_inline)) static inline void multiply_step(
    words sums[TILE_ROWS][VECTORS], operands *o, const int rows, const int vectors) {
    words weights[VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) weights[v] = load_words(o->b + v * LANES * 4);
    o->b += vectors * LANES * 4;
    __builtin_prefetch(o->ahead->next, 0, 2);
    o->ahead->next += o->ahead->stride;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        words x = repeat_word(o->a[leader_of(i)] + (size_t)(i % GROUP % LED) * o->a_stride);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sums[i][v] = dot(sums[i][v], x, weights[v]);
    }
    advance(o, 4, rows);
}

// Steps of a tile for each part of the late one that is finished meanwhile. In those that are left, weights are asked
// for ahead: a deep panel does not stay in the nearest cache.
enum { MOST_STEPS_A_PART = 4, STEPS_AHEAD = 32 };

__attribute__((always_inline)) static inline void tile(
    const qt_integer_block *g, size_t row, size_t column, const uint8_t *b, lookahead *ahead, const int rows,
    const int vectors, late_tile *late, const finishing how) {
    const size_t steps = steps_of(g->run_depth);
    words sums[TILE_ROWS][VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        words start = load_words(g->offsets + column + v * LANES);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) sums[i][v] = start;
    }
    if (g->row_sums && !g->weight_zero_points)
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            words less = repeat_word(g->row_sums + row + (size_t)i);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[i][v] = subtract(sums[i][v], less);
        }
    if (g->epilogue.addend.values) prefetch_addend(g, row, column, rows);
    operands o = operands_of(g, row, b, ahead, rows);
    size_t step = 0;
    if (how.is_late && late->is_waiting) {
        const size_t equal = steps / parts_of(how), each = equal < MOST_STEPS_A_PART ? equal : MOST_STEPS_A_PART;
        for (size_t part = 0; part < parts_of(how); part++) {
            for (size_t end = step + each; step < end; step++) multiply_step(sums, &o, rows, vectors);
            finish_part(g, late, part, how);
        }
    }
    if (how.is_late || rows == 1)
        for (; step + STEPS_AHEAD < steps; step++) {
            prefetch_weights(&o, STEPS_AHEAD, vectors);
            multiply_step(sums, &o, rows, vectors);
        }
    for (; step < steps; step++) multiply_step(sums, &o, rows, vectors);
    for (size_t done = g->run_depth; done < g->depth; done += g->run_depth) {
        advance(&o, g->run_gap, rows);
        for (step = 0; step < steps; step++) multiply_step(sums, &o, rows, vectors);
    }
    if (g->row_sums && g->weight_zero_points)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            words zero_points = load_words(g->weight_zero_points + column + (size_t)v * LANES);
#pragma clang loop unroll(full)
            for (int i = 0; i < rows; i++) {
                sums[i][v] = weighted(sums[i][v], g->row_sums[row + (size_t)i], zero_points);
                in_turn(&sums[i][v]);
            }
        }
    if (!how.is_late) {
        finish(g, sums, row, column, rows, vectors);
        return;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) late->sums[i][v] = sums[i][v];
    late->row = row;
    late->column = column;
    late->is_waiting = 1;
}

// `b` is the panel of `column`, and a panel of as many bytes follows it where `has_next`.
__attribute__((always_inline)) static inline void panel(
    const qt_integer_block *g, size_t column, const uint8_t *b, int has_next, const int vectors) {
    const finishing how = {0};
    prefetch_columns(g, column + TILE_COLUMNS);
    lookahead ahead = look_ahead(g, b, has_next, (g->rows + TILE_ROWS - 1) / TILE_ROWS, vectors);
    size_t row = 0;
    for (; row + TILE_ROWS <= g->rows; row += TILE_ROWS) tile(g, row, column, b, &ahead, TILE_ROWS, vectors, NULL, how);
    size_t rest = g->rows - row;
#ifdef REST_ROWS
    if (rest >= REST_ROWS)
        tile(g, row, column, b, &ahead, REST_ROWS, vectors, NULL, how), row += REST_ROWS, rest -= REST_ROWS;
#endif
    if (rest & 4) tile(g, row, column, b, &ahead, 4, vectors, NULL, how), row += 4;
    if (rest & 2) tile(g, row, column, b, &ahead, 2, vectors, NULL, how), row += 2;
    if (rest & 1) tile(g, row, column, b, &ahead, 1, vectors, NULL, how);
}

static void run_at_once(const qt_integer_block *g) {
    const uint8_t *b = g->b;
    size_t column = 0;
    for (; column + LANES < g->columns; column += TILE_COLUMNS, b += TILE_COLUMNS * g->depth * ELEMENT_BYTES)
        panel(g, column, b, g->is_followed || column + TILE_COLUMNS < g->columns, VECTORS);
    if (column < g->columns) panel(g, column, b, g->is_followed, 1);
}

// All whole tiles of the panel `b` of `column`.
__attribute__((always_inline)) static inline void late_tiles(
    const qt_integer_block *g, size_t column, const uint8_t *b, int has_next, late_tile *late, const finishing how) {
    prefetch_columns(g, column + TILE_COLUMNS);
    lookahead ahead = look_ahead(g, b, has_next, g->rows / TILE_ROWS, VECTORS);
    for (size_t row = 0; row + TILE_ROWS <= g->rows; row += TILE_ROWS)
        tile(g, row, column, b, &ahead, TILE_ROWS, VECTORS, late, how);
}

static void late_panel(
    const qt_integer_block *g, size_t column, const uint8_t *b, int has_next, late_tile *late) {
    const qt_epilogue *e = &g->epilogue;
    const int is_bytes = e->kind != QT_EPILOGUE_DEQUANTIZE;
#define TILES(...) late_tiles(g, column, b, has_next, late, (finishing){.is_late = 1, __VA_ARGS__})
#define TILES_OF(...) e->addend.values ? TILES(.adds = 1, __VA_ARGS__) : TILES(.adds = 0, __VA_ARGS__)
    if (is_bytes && e->is_small)
        TILES_OF(.is_bytes = 1, .is_small = 1);
    else if (is_bytes)
        TILES_OF(.is_bytes = 1, .is_small = 0);
    else if (bounds_of(e) == FREE)
        TILES_OF(.bounds = FREE);
    else if (bounds_of(e) == OPEN)
        TILES_OF(.bounds = OPEN);
    else if (bounds_of(e) == FLOORED)
        TILES_OF(.bounds = FLOORED);
    else if (bounds_of(e) == CLIPPED)
        TILES_OF(.bounds = CLIPPED);
    else
        TILES_OF(.bounds = BOUNDED);
#undef TILES_OF
#undef TILES
}

// `columns` columns from `row` and `column` on, whose panel is `b`, with nothing after them.
static qt_integer_block part_of(
    const qt_integer_block *g, size_t row, size_t column, size_t columns, const uint8_t *b) {
    const size_t element = g->epilogue.kind == QT_EPILOGUE_DEQUANTIZE ? sizeof(float) : 1;
    const size_t offset = row * g->c_stride + column * element;
    qt_integer_block part = *g;
    part.rows -= row;
    part.columns = columns;
    if (g->a_offsets)
        part.a_offsets += row;
    else
        part.a = (const uint8_t *)g->a + row * g->a_stride;
    part.b = b;
    part.is_followed = 0;
    part.offsets += column;
    if (part.row_sums) part.row_sums += row;
    if (part.weight_zero_points) part.weight_zero_points += column;
    if (part.epilogue.scales) part.epilogue.scales += column;
    if (part.epilogue.biases) part.epilogue.biases += column;
    const uint8_t *addend = part.epilogue.addend.values;
    if (addend) part.epilogue.addend.values = addend + offset;
    part.c = (uint8_t *)g->c + offset;
    return part;
}

static void run_late(const qt_integer_block *g) {
    late_tile late;
    begin_late(g, &late);
    const uint8_t *b = g->b;
    size_t column = 0;
    for (; column + TILE_COLUMNS <= g->columns; column += TILE_COLUMNS, b += TILE_COLUMNS * g->depth * ELEMENT_BYTES) {
        late_panel(g, column, b, g->is_followed || column + TILE_COLUMNS < g->columns, &late);
        if (g->rows % TILE_ROWS == 0) continue;
        qt_integer_block rest = part_of(g, g->rows / TILE_ROWS * TILE_ROWS, column, TILE_COLUMNS, b);
        run_at_once(&rest);
    }
    end_late(g, &late);
    if (column == g->columns) return;
    qt_integer_block rest = part_of(g, 0, column, g->columns - column, b);
    run_at_once(&rest);
}

// Steps of a tile for each row of the one that is finished meanwhile: fewer do not hide it.
enum { STEPS_A_ROW = 3 };

static int finishes_late(const qt_integer_block *g) {
    return g->epilogue.kind != QT_EPILOGUE_ACCUMULATORS && g->rows >= TILE_ROWS && g->columns >= TILE_COLUMNS &&
        steps_of(g->run_depth) >= STEPS_A_ROW * TILE_ROWS;
}

static void run(const qt_integer_block *g) {
    assert(g->depth % 4 == 0);
    assert(TILE_ROWS % GROUP == 0 || (!g->a_offsets && g->run_depth == g->depth));
    prefetch_columns(g, 0);
    if (finishes_late(g))
        run_late(g);
    else
        run_at_once(g);
}

static void sum_rows(
    const uint8_t *rows, size_t stride, size_t count, size_t depth, int32_t factor, int32_t *sums) {
    const int32_t less = (int32_t)(0u - (uint32_t)factor);
    size_t row = 0;
    for (; row + LANES <= count; row += LANES, rows += LANES * stride) {
        words each = sum_each_row(rows, stride, depth);
        store_words(sums + row, weighted(repeat_word_of(0), less, each), LANES);
    }
    for (; row < count; row++, rows += stride) sums[row] = (int32_t)(sum_bytes(rows, depth) * (uint32_t)factor);
}
