#include "qt_f32_depthwise.h"

void qt_f32_depthwise_1x1__scalar(const qt_f32_depthwise_run *run) {
    for (size_t pixel = 0; pixel < run->pixels; pixel++) {
        const float *input = run->input + (ptrdiff_t)pixel * run->pixel_step;
        float *output = run->output + pixel * run->channels;
        const float *residual = run->residual == NULL ? NULL : run->residual + pixel * run->channels;
        for (size_t channel = 0; channel < run->channels; channel++) {
            float sum = run->bias[channel];
            for (size_t y = 0; y < run->window_rows; y++) {
                for (size_t x = 0; x < run->window_columns; x++) {
                    sum += input[(ptrdiff_t)y * run->row_step + (ptrdiff_t)x * run->column_step + (ptrdiff_t)channel] *
                           run->weights[y * run->weight_row_step + x * run->channels + channel];
                }
            }
            if (residual != NULL) sum += residual[channel];
            sum = sum < run->lower ? run->lower : sum;
            output[channel] = sum > run->upper ? run->upper : sum;
        }
    }
}
