// float32 convolutions with 3x3 windows and stride 1 by Winograd's minimal filtering: squares of tile x tile output
// pixels are made from (tile + 2) x (tile + 2) products for each channel, between transforms of image and window.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The products of a square are its cells, row by row; a cell of the next row or column is `cell_step` floats further.

// Windows of one output channel: cells[cell * cell_step + channel] of `channels` windows of 9 floats each.
typedef struct {
    const float *windows;
    size_t channels;
    float *cells;
    size_t cell_step;
} qt_f32_winograd_filter;

// The pixels under one square of outputs, those outside of the image 0: cells[cell * cell_step + channel].
typedef struct {
    const float *image;       // its first pixel
    ptrdiff_t height, width;
    size_t channels;
    size_t pixel_step;        // floats; rows are `width` pixels apart
    ptrdiff_t top, left;      // the square's first pixel, maybe before the image
    float *cells;
    size_t cell_step;
} qt_f32_winograd_input;

// output[y][x][c] = clamp(transform(cells)[y][x][c] + bias[c] + residual[y][x][c]), y < rows, x < pixels, c < columns.
// NaN passes through the clamp.
typedef struct {
    const float *cells;
    size_t cell_step;
    const float *bias;
    size_t columns;
    size_t rows, pixels;      // 1 ... tile
    float *output;
    const float *residual;    // NULL for none
    size_t row_step;          // floats from one row of the output and the residual to the next
    size_t pixel_step;
    float lower, upper;       // -INFINITY, INFINITY for no clamp
} qt_f32_winograd_output;

typedef struct {
    const char *name;
    uint32_t isa;
    uint32_t tile;            // output pixels along each side of a square
    void (*filter)(const qt_f32_winograd_filter *call);
    void (*input)(const qt_f32_winograd_input *call);
    void (*output)(const qt_f32_winograd_output *call);
} qt_f32_winograd_row;

// Best first; the rows of one tile end with a scalar one.
const qt_f32_winograd_row *qt_f32_winograd_table(size_t *count);

#define QT_F32_WINOGRAD(NAME) \
    void qt_f32_winograd_filter_##NAME(const qt_f32_winograd_filter *call); \
    void qt_f32_winograd_input_##NAME(const qt_f32_winograd_input *call); \
    void qt_f32_winograd_output_##NAME(const qt_f32_winograd_output *call);

QT_F32_WINOGRAD(4x16__avx512)
QT_F32_WINOGRAD(2x16__avx512)
QT_F32_WINOGRAD(4x8__avx2)
QT_F32_WINOGRAD(2x8__avx2)
QT_F32_WINOGRAD(4x1__scalar)
QT_F32_WINOGRAD(2x1__scalar)
