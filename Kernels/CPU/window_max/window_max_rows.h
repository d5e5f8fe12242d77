// A row in vectors of BLOCK bytes, in two steps: first down the rows, then across; or, of the window that most networks
// have, in one. Included after the vectors of an instruction set, under it.

#include <string.h>

#include "qt_window_max.h"

#define INLINE static inline __attribute__((always_inline))

INLINE bits smallest(const qt_max_type type) {
    switch (type) {
        case QT_MAX_U8: return repeat_word(0);
        case QT_MAX_S8: return repeat_word((int)0x80808080);
        case QT_MAX_F32: return repeat_word((int)0xFF800000);
    }
}

INLINE bits larger(const qt_max_type type, bits a, bits b) {
    switch (type) {
        case QT_MAX_U8: return max_u8(a, b);
        case QT_MAX_S8: return max_s8(a, b);
        case QT_MAX_F32: return max_f32(a, b);
    }
}

INLINE void fill(const qt_max_type type, uint8_t *target, size_t bytes) {
    for (size_t i = 0; i < bytes; i += BLOCK) store_up_to(target + i, smallest(type), bytes - i);
}

// Vectors that are raised together, so that what it costs to go from one row or tap to the next is shared.
enum { STRIP = 4 };

INLINE void load_strip(bits *strip, const uint8_t *p) {
    for (size_t v = 0; v < STRIP; v++) strip[v] = load_bits(p + v * BLOCK);
}

INLINE void raise_strip(const qt_max_type type, bits *strip, const uint8_t *p) {
    for (size_t v = 0; v < STRIP; v++) strip[v] = larger(type, strip[v], load_bits(p + v * BLOCK));
}

INLINE void store_strip(uint8_t *p, const bits *strip) {
    for (size_t v = 0; v < STRIP; v++) store_up_to(p + v * BLOCK, strip[v], BLOCK);
}

INLINE void down_rows(
    const qt_max_type type, const uint8_t *const *rows, const size_t count, uint8_t *target, size_t bytes) {
    size_t i = 0;
    for (; i + STRIP * BLOCK <= bytes; i += STRIP * BLOCK) {
        bits best[STRIP];
        load_strip(best, rows[0] + i);
        for (size_t r = 1; r < count; r++) raise_strip(type, best, rows[r] + i);
        store_strip(target + i, best);
    }
    for (; i < bytes; i += BLOCK) {
        bits best = load_up_to(rows[0] + i, bytes - i);
        for (size_t r = 1; r < count; r++) best = larger(type, best, load_up_to(rows[r] + i, bytes - i));
        store_up_to(target + i, best, bytes - i);
    }
}

INLINE void down(const qt_max_type type, const qt_max_row *row, uint8_t *target, size_t bytes) {
    switch (row->row_count) {
        case 2: {
            const uint8_t *const rows[2] = {row->rows[0], row->rows[1]};
            down_rows(type, rows, 2, target, bytes);
            break;
        }
        case 3: {
            const uint8_t *const rows[3] = {row->rows[0], row->rows[1], row->rows[2]};
            down_rows(type, rows, 3, target, bytes);
            break;
        }
        default: down_rows(type, row->rows, row->row_count, target, bytes);
    }
}

// A store may reach into the pixel behind, which is written next, but not past the row.
INLINE void across_taps(
    const qt_max_type type, const qt_max_row *row, const size_t taps, size_t pixel, uint8_t *out) {
    const size_t step = row->dilation * pixel, end = row->columns * pixel, move = row->stride * pixel;
    const uint8_t *window = row->scratch;
    for (size_t place = 0; place < end; place += pixel, window += move) {
        size_t i = 0;
        for (; i + STRIP * BLOCK <= pixel; i += STRIP * BLOCK) {
            bits best[STRIP];
            load_strip(best, window + i);
            for (size_t tap = 1; tap < taps; tap++) raise_strip(type, best, window + i + tap * step);
            store_strip(out + place + i, best);
        }
        for (; i < pixel; i += BLOCK) {
            bits best = load_bits(window + i);
            for (size_t tap = 1; tap < taps; tap++) best = larger(type, best, load_bits(window + i + tap * step));
            store_up_to(out + place + i, best, end - place - i);
        }
    }
}

INLINE void across(const qt_max_type type, const qt_max_row *row, size_t pixel, uint8_t *out) {
    switch (row->taps) {
        case 2: across_taps(type, row, 2, pixel, out); break;
        case 3: across_taps(type, row, 3, pixel, out); break;
        default: across_taps(type, row, row->taps, pixel, out);
    }
}

// The largest of the pixels in column `x` under a window, from byte `at` of a pixel on; the smallest past the image.
INLINE void column_of(
    const qt_max_type type, const qt_max_row *row, const size_t count, const size_t vectors, size_t x, size_t pixel,
    size_t at, bits *best) {
    if (x >= row->width) {
        for (size_t v = 0; v < vectors; v++) best[v] = smallest(type);
        return;
    }
    at += x * pixel;
    for (size_t v = 0; v < vectors; v++) best[v] = load_bits(row->rows[0] + at + v * BLOCK);
    for (size_t r = 1; r < count; r++)
        for (size_t v = 0; v < vectors; v++)
            best[v] = larger(type, best[v], load_bits(row->rows[r] + at + v * BLOCK));
}

// Three taps two pixels apart: every other column is seen by two windows, and looked at once.
INLINE void slide(
    const qt_max_type type, const qt_max_row *row, const size_t count, const size_t vectors, size_t pixel,
    uint8_t *out) {
    for (size_t at = 0; at < pixel; at += vectors * BLOCK) {
        bits shared[STRIP], inner[STRIP], last[STRIP];
        column_of(type, row, count, vectors, 0u - row->padding, pixel, at, shared);
        for (size_t place = 0; place < row->columns; place++) {
            size_t x = place * 2 - row->padding;
            column_of(type, row, count, vectors, x + 1, pixel, at, inner);
            column_of(type, row, count, vectors, x + 2, pixel, at, last);
            for (size_t v = 0; v < vectors; v++) {
                bits best = larger(type, larger(type, shared[v], inner[v]), last[v]);
                store_up_to(out + place * pixel + at + v * BLOCK, best, BLOCK);
                shared[v] = last[v];
            }
        }
    }
}

INLINE void slide_rows(
    const qt_max_type type, const qt_max_row *row, const size_t vectors, size_t pixel, uint8_t *out) {
    if (row->row_count == 2)
        slide(type, row, 2, vectors, pixel, out);
    else
        slide(type, row, 3, vectors, pixel, out);
}

INLINE int slides(const qt_max_row *row, size_t pixel) {
    return row->taps == 3 && row->stride == 2 && row->dilation == 1 && pixel % BLOCK == 0 && row->row_count >= 2 &&
        row->row_count <= 3;
}

INLINE void max_row(const qt_max_type type, const qt_max_row *row, uint8_t *out) {
    size_t pixel = row->channels * (type == QT_MAX_F32 ? 4 : 1), span = qt_max_span(row);
    if (slides(row, pixel)) {
        if (pixel % (STRIP * BLOCK) == 0)
            slide_rows(type, row, STRIP, pixel, out);
        else
            slide_rows(type, row, 1, pixel, out);
        return;
    }
    size_t before = row->padding < span ? row->padding : span;
    size_t inside = row->row_count == 0 ? 0 : row->width < span - before ? row->width : span - before;
    fill(type, row->scratch, before * pixel);
    if (inside > 0) down(type, row, row->scratch + before * pixel, inside * pixel);
    fill(type, row->scratch + (before + inside) * pixel, (span - before - inside) * pixel);
    across(type, row, pixel, out);
}

INLINE void max_row_of(qt_max_type type, const qt_max_row *row, uint8_t *out) {
    switch (type) {
        case QT_MAX_U8: max_row(QT_MAX_U8, row, out); break;
        case QT_MAX_S8: max_row(QT_MAX_S8, row, out); break;
        case QT_MAX_F32: max_row(QT_MAX_F32, row, out); break;
    }
}
