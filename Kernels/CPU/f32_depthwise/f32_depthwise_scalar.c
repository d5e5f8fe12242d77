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

static float window_sum(const qt_f32_depthwise_band *band, size_t row, size_t pixel, size_t channel) {
    float sum = band->bias[channel];
    for (size_t y = 0; y < band->side; y++) {
        const float *line = band->lines[row * band->stride + y];
        for (size_t x = 0; line != NULL && x < band->side; x++) {
            size_t column = pixel * band->stride + x;
            if (column < band->left || column - band->left >= band->width) continue;
            sum += line[(column - band->left) * band->channels + channel] *
                   band->weights[(y * band->side + x) * band->channels + channel];
        }
    }
    return sum;
}

void qt_f32_depthwise_band_1x1__scalar(const qt_f32_depthwise_band *band) {
    for (size_t row = 0; row < band->rows; row++) {
        for (size_t pixel = 0; pixel < band->pixels; pixel++) {
            for (size_t channel = 0; channel < band->channels; channel++) {
                size_t offset = row * band->output_step + pixel * band->channels + channel;
                float sum = window_sum(band, row, pixel, channel);
                if (band->residual != NULL) sum += band->residual[offset];
                sum = sum < band->lower ? band->lower : sum;
                band->output[offset] = sum > band->upper ? band->upper : sum;
            }
        }
    }
}
