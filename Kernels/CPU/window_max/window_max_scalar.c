#include <math.h>

#include "qt_window_max.h"

#define LARGEST(NAME, T, SMALLEST, EXCEEDS)                                                        \
    static void NAME(const qt_max_row *row, T *out) {                                              \
        for (size_t i = 0; i < row->columns * row->channels; i++) {                                \
            size_t left = i / row->channels * row->stride, channel = i % row->channels;            \
            T best = SMALLEST;                                                                     \
            for (size_t r = 0; r < row->row_count; r++) {                                          \
                for (size_t tap = 0; tap < row->taps; tap++) {                                     \
                    size_t place = left + tap * row->dilation;                                     \
                    if (place < row->padding || place - row->padding >= row->width) continue;      \
                    T x = ((const T *)row->rows[r])[(place - row->padding) * row->channels + channel]; \
                    if (EXCEEDS) best = x;                                                         \
                }                                                                                  \
            }                                                                                      \
            out[i] = best;                                                                         \
        }                                                                                          \
    }

LARGEST(largest_u8, uint8_t, 0, x > best)
LARGEST(largest_s8, int8_t, INT8_MIN, x > best)
LARGEST(largest_f32, float, -INFINITY, x > best || isnan(x))

void qt_any_window_max_1x1__scalar(qt_max_type type, const qt_max_row *row, uint8_t *out) {
    switch (type) {
        case QT_MAX_U8: largest_u8(row, out); break;
        case QT_MAX_S8: largest_s8(row, (int8_t *)out); break;
        case QT_MAX_F32: largest_f32(row, (float *)out); break;
    }
}
