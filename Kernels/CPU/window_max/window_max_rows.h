// Both steps of a row in vectors of BLOCK bytes: first down the rows, then across. Included after the vectors of an
// instruction set, under it.

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

INLINE void down(const qt_max_type type, const qt_max_row *row, uint8_t *target, size_t bytes) {
    for (size_t i = 0; i < bytes; i += BLOCK) {
        bits best = load_up_to(row->rows[0] + i, bytes - i);
        for (size_t r = 1; r < row->row_count; r++) best = larger(type, best, load_up_to(row->rows[r] + i, bytes - i));
        store_up_to(target + i, best, bytes - i);
    }
}

// A store may reach into the pixel behind, which is written next, but not past the row.
INLINE void across(const qt_max_type type, const qt_max_row *row, size_t pixel, uint8_t *out) {
    size_t step = row->dilation * pixel, end = row->columns * pixel;
    for (size_t column = 0; column < row->columns; column++) {
        const uint8_t *window = row->scratch + column * row->stride * pixel;
        size_t place = column * pixel;
        for (size_t i = 0; i < pixel; i += BLOCK) {
            bits best = load_bits(window + i);
            for (size_t tap = 1; tap < row->taps; tap++) best = larger(type, best, load_bits(window + i + tap * step));
            store_up_to(out + place + i, best, end - place - i);
        }
    }
}

INLINE void max_row(const qt_max_type type, const qt_max_row *row, uint8_t *out) {
    size_t pixel = row->channels * (type == QT_MAX_F32 ? 4 : 1), span = qt_max_span(row);
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
