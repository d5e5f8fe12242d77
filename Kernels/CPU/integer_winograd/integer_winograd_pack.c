#include <string.h>

#include "qt_integer_winograd.h"

enum { TAPS = 3, LINE = 6, AREA = TAPS * TAPS, CELLS = QT_INTEGER_WINOGRAD_CELLS, LANES = 8 };

// Weights of so many channels; any instruction set has such a vector, or clang makes one.
typedef int16_t shorts __attribute__((vector_size(2 * LANES)));

#include "integer_winograd_window.inc"

// The cells of `valid` channels from `first` on, those past them 0.
static void transform(
    const qt_integer_winograd_windows *w, size_t column, size_t first, size_t valid, shorts cells[CELLS]) {
    int16_t window[AREA][LANES] = {{0}};
    const uint8_t *source = w->weights + (column * w->channels + first) * AREA;
    const int32_t zero_point = w->zero_points[column];
    for (size_t lane = 0; lane < valid; lane++, source += AREA)
        for (int tap = 0; tap < AREA; tap++)
            window[tap][lane] = (int16_t)((int8_t)(source[tap] ^ w->flip) - zero_point);
    shorts rows[TAPS][LINE];
    for (int y = 0; y < TAPS; y++) {
        shorts line[TAPS];
        memcpy(line, window[y * TAPS], sizeof line);
        transform_window_line(line, rows[y]);
    }
    for (int x = 0; x < LINE; x++) {
        shorts line[TAPS] = {rows[0][x], rows[1][x], rows[2][x]}, column_cells[LINE];
        transform_window_line(line, column_cells);
        for (int y = 0; y < LINE; y++) cells[y * LINE + x] = column_cells[y];
    }
}

static size_t padded_channels(const qt_integer_winograd_windows *w) { return (w->channels + 3) & ~(size_t)3; }

// Of the panel that comes next where `left` columns are left.
static size_t panel_width(const qt_integer_winograd_kernel *kernel, size_t left) {
    const size_t narrow = (size_t)kernel->product->narrow_columns;
    return left <= narrow ? narrow : (size_t)kernel->product->tile_columns;
}

size_t qt_integer_winograd_packed_bytes(
    const qt_integer_winograd_kernel *kernel, const qt_integer_winograd_windows *windows) {
    return CELLS * qt_integer_gemm_packed_bytes(kernel->product, windows->columns, windows->channels);
}

void qt_integer_winograd_pack(
    const qt_integer_winograd_kernel *kernel, const qt_integer_winograd_windows *w, int16_t *packed) {
    const size_t depth = padded_channels(w);
    memset(packed, 0, qt_integer_winograd_packed_bytes(kernel, w));
    for (size_t first = 0, width; first < w->columns; first += width) {
        width = panel_width(kernel, w->columns - first);
        const size_t columns = w->columns - first < width ? w->columns - first : width;
        for (size_t column = 0; column < columns; column++) {
            for (size_t channel = 0; channel < w->channels; channel += LANES) {
                size_t valid = w->channels - channel < LANES ? w->channels - channel : LANES;
                shorts cells[CELLS];
                transform(w, first + column, channel, valid, cells);
                for (size_t cell = 0; cell < CELLS; cell++) {
                    int16_t *to = packed + (cell * depth + channel) * width + 2 * column;
                    const int16_t *pairs = (const int16_t *)&cells[cell];
                    for (size_t k = 0; k < valid; k += 2) memcpy(to + k * width, pairs + k, 2 * sizeof *to);
                }
            }
        }
        packed += CELLS * depth * width;
    }
}

size_t qt_integer_winograd_late_bytes(
    const qt_integer_winograd_kernel *kernel, const qt_integer_winograd_windows *windows) {
    return AREA * (qt_integer_gemm_packed_bytes(kernel->product, windows->columns, windows->channels) / 2);
}

void qt_integer_winograd_pack_late(
    const qt_integer_winograd_kernel *kernel, const qt_integer_winograd_windows *w, int8_t *packed) {
    const size_t depth = padded_channels(w);
    memset(packed, 0, qt_integer_winograd_late_bytes(kernel, w));
    for (size_t first = 0, width; first < w->columns; first += width) {
        width = panel_width(kernel, w->columns - first);
        const size_t columns = w->columns - first < width ? w->columns - first : width;
        for (size_t column = 0; column < columns; column++) {
            const uint8_t *window = w->weights + (first + column) * w->channels * AREA;
            for (size_t channel = 0; channel < depth; channel++)
                for (size_t tap = 0; tap < AREA; tap++)
                    // Channels that are not there have weights of 0, less the zero point.
                    packed[((channel / 2 * AREA + tap) * width + column) * 2 + channel % 2] =
                        channel < w->channels ? (int8_t)(window[channel * AREA + tap] ^ w->flip)
                                              : (int8_t)w->zero_points[first + column];
        }
        packed += AREA * depth * width;
    }
}

int qt_integer_winograd_is_exact(const qt_integer_winograd_windows *w) {
    const size_t count = w->channels * AREA, most = ((size_t)1 << 25) / 255;
    for (size_t column = 0; column < w->columns; column++) {
        const uint8_t *source = w->weights + column * count;
        const int32_t zero_point = w->zero_points[column];
        size_t sum = 0;
        for (size_t k = 0; k < count; k++) {
            int32_t weight = (int8_t)(source[k] ^ w->flip) - zero_point;
            sum += (size_t)(weight < 0 ? -weight : weight);
        }
        if (sum > most) return 0;
    }
    return 1;
}
