// float32 depthwise convolutions: each channel has a window of its own.
#pragma once

#include <stddef.h>
#include <stdint.h>

// A run of output pixels in one row of one image, all channels.
//
// output[p][c] = clamp(bias[c] + sum over window rows y and columns x, in that order, of
//                      input[y * row_step + p * pixel_step + x * column_step + c] * weights[y][x][c]
//                      + residual[p][c])
// The window shows only rows and columns inside of the image: the caller clips it. Floats outside of what the sum
// names are not read. NaN passes through the clamp.
typedef struct {
    size_t pixels;
    size_t channels;
    size_t window_rows;           // rows of the window that lie in the image, may be 0
    size_t window_columns;        // columns of the window that lie in the image, may be 0
    const float *input;           // the first pixel under the first window's corner
    ptrdiff_t row_step;           // floats
    ptrdiff_t column_step;
    ptrdiff_t pixel_step;
    const float *weights;         // of the first window row and column shown
    size_t weight_row_step;       // floats from one window row to the next; columns are `channels` apart
    const float *bias;
    float *output;                // pixels are `channels` apart
    const float *residual;        // NULL for none
    float lower, upper;
} qt_f32_depthwise_run;

// Neighbouring output rows of one image, all pixels and channels, of a square window whose cells touch.
//
// The same sums in the same order: rows and columns of the window outside of the image add nothing.
typedef struct {
    size_t rows;                  // 1 ... the kernel's band_rows
    size_t pixels;                // of an output row
    size_t channels;
    size_t side;                  // of the window, 3 or 5
    size_t stride;                // 1 or 2
    size_t left;                  // columns of padding before the image
    size_t width;                 // pixels of an image row
    const float *const *lines;    // (rows - 1) * stride + side image rows from the first window's on; NULL outside
    const float *weights;         // [side][side][channels]
    const float *bias;
    float *output;
    size_t output_step;           // floats from one output row to the next; pixels are `channels` apart
    const float *residual;        // steps as the output; NULL for none
    float lower, upper;
} qt_f32_depthwise_band;

enum { QT_F32_DEPTHWISE_BAND_LINES = 16 };  // no band needs more

typedef struct {
    const char *name;
    uint32_t isa;
    uint32_t band_rows;           // most output rows of a band
    void (*run)(const qt_f32_depthwise_run *run);
    void (*band)(const qt_f32_depthwise_band *band);
} qt_f32_depthwise_row;

const qt_f32_depthwise_row *qt_f32_depthwise_table(size_t *count);

void qt_f32_depthwise_6x16__avx512(const qt_f32_depthwise_run *run);
void qt_f32_depthwise_4x8__avx2(const qt_f32_depthwise_run *run);
void qt_f32_depthwise_1x1__scalar(const qt_f32_depthwise_run *run);
void qt_f32_depthwise_band_4x16__avx512(const qt_f32_depthwise_band *band);
void qt_f32_depthwise_band_2x8__avx2(const qt_f32_depthwise_band *band);
void qt_f32_depthwise_band_1x1__scalar(const qt_f32_depthwise_band *band);
