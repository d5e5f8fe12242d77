// float32 convolutions in groups of a few channels, as many outputs as inputs in each.
#pragma once

#include "qt_f32_depthwise.h"

typedef struct {
    const char *name;
    uint32_t isa;
    // As a depthwise run, but each output channel sums over the `width` inputs of its group, 2, 4 or 8; the weights of
    // a tap are [input][output channel], so columns of the window are width * channels apart.
    void (*run)(const qt_f32_depthwise_run *run, size_t width);
} qt_f32_grouped_row;

const qt_f32_grouped_row *qt_f32_grouped_table(size_t *count);

void qt_f32_grouped_8x16__avx512(const qt_f32_depthwise_run *run, size_t width);
void qt_f32_grouped_4x8__avx2(const qt_f32_depthwise_run *run, size_t width);
void qt_f32_grouped_1x1__scalar(const qt_f32_depthwise_run *run, size_t width);
