#include "qt_f32_resample.h"

void qt_f32_resample_across_1__scalar(
    const float *const *rows, const float *weights, size_t taps, float *y, size_t length) {
    for (size_t j = 0; j < length; j++) {
        float sum = 0;
        for (size_t t = 0; t < taps; t++) sum += weights[t] * rows[t][j];
        y[j] = sum;
    }
}

void qt_f32_resample_pixels_1__scalar(const float *x, float *y, size_t channels, const qt_resample_taps *taps) {
    for (size_t j = 0; j < taps->length; j++) {
        for (size_t channel = 0; channel < channels; channel++) {
            float sum = 0;
            for (size_t t = 0; t < taps->taps; t++) {
                float weight = taps->weights[t * taps->length + j];
                size_t place = (size_t)taps->indices[t * taps->length + j];
                if (weight != 0) sum += weight * x[place * channels + channel];
            }
            y[j * channels + channel] = sum;
        }
    }
}

void qt_f32_resample_along_1__scalar(
    const float *const *x, float *const *y, size_t rows, const qt_resample_taps *taps) {
    for (size_t row = 0; row < rows; row++) {
        if (taps->weights != NULL) {
            qt_f32_resample_pixels_1__scalar(x[row], y[row], 1, taps);
        } else {
            for (size_t j = 0; j < taps->length; j++) y[row][j] = x[row][taps->indices[j]];
        }
    }
}
