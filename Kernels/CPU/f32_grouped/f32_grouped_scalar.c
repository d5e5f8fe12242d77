#include "qt_f32_grouped.h"

static float sum_one(const qt_f32_depthwise_run *run, size_t width, size_t pixel, size_t channel) {
    float sum = run->bias[channel];
    for (size_t y = 0; y < run->window_rows; y++) {
        for (size_t x = 0; x < run->window_columns; x++) {
            const float *source = run->input + (ptrdiff_t)y * run->row_step + (ptrdiff_t)x * run->column_step +
                                  (ptrdiff_t)pixel * run->pixel_step + channel / width * width;
            const float *weights = run->weights + y * run->weight_row_step + x * width * run->channels + channel;
            for (size_t input = 0; input < width; input++) sum += source[input] * weights[input * run->channels];
        }
    }
    return sum;
}

void qt_f32_grouped_1x1__scalar(const qt_f32_depthwise_run *run, size_t width) {
    for (size_t pixel = 0; pixel < run->pixels; pixel++) {
        for (size_t channel = 0; channel < run->channels; channel++) {
            size_t offset = pixel * run->channels + channel;
            float sum = sum_one(run, width, pixel, channel);
            if (run->residual != NULL) sum += run->residual[offset];
            sum = sum < run->lower ? run->lower : sum;
            run->output[offset] = sum > run->upper ? run->upper : sum;
        }
    }
}
