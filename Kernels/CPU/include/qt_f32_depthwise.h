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

typedef struct {
    const char *name;
    uint32_t isa;
    void (*run)(const qt_f32_depthwise_run *run);
} qt_f32_depthwise_row;

const qt_f32_depthwise_row *qt_f32_depthwise_table(size_t *count);

void qt_f32_depthwise_6x16__avx512(const qt_f32_depthwise_run *run);
void qt_f32_depthwise_4x8__avx2(const qt_f32_depthwise_run *run);
void qt_f32_depthwise_1x1__scalar(const qt_f32_depthwise_run *run);
