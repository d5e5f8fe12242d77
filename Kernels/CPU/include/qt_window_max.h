// The largest element under each place of a window, over NHWC images.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum { QT_MAX_U8, QT_MAX_S8, QT_MAX_F32 } qt_max_type;

// One row of output pixels. Lengths count pixels of `channels` elements.
typedef struct {
    const uint8_t *const *rows;  // input rows under the window, those in the padding left out
    size_t row_count;
    size_t width, channels;
    size_t taps, dilation, stride, padding;  // of the window across a row; padding on the left
    size_t columns;                          // of the output
    uint8_t *scratch;                        // qt_max_span pixels and QT_MAX_SLACK bytes
} qt_max_row;

// Bytes that a kernel may read past what it was told to write, in `scratch`.
enum { QT_MAX_SLACK = 64 };

// Pixels that the windows of one row span, in the image or in its padding.
static inline size_t qt_max_span(const qt_max_row *row) {
    return (row->columns - 1) * row->stride + (row->taps - 1) * row->dilation + 1;
}

typedef struct {
    const char *name;
    uint32_t isa;
    // Writes `columns` pixels, at least 1. NaN where one is NaN; the type's smallest, -inf for floats, where the window
    // sees nothing of the image.
    void (*run)(qt_max_type type, const qt_max_row *row, uint8_t *out);
} qt_window_max_row;

const qt_window_max_row *qt_window_max_table(size_t *count);

void qt_any_window_max_1x64__avx512(qt_max_type type, const qt_max_row *row, uint8_t *out);
void qt_any_window_max_1x32__avx2(qt_max_type type, const qt_max_row *row, uint8_t *out);
void qt_any_window_max_1x1__scalar(qt_max_type type, const qt_max_row *row, uint8_t *out);
