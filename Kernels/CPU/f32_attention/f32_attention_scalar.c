#include "qt_f32_attention.h"

#include <math.h>
#include <string.h>

static float score(const qt_f32_attention_block *block, size_t row, size_t key) {
    if (block->seen != NULL && (key < block->seen[row].first || key >= block->seen[row].end)) return -INFINITY;
    float result = block->scores[row * block->stride + key] * block->scale;
    if (block->softcap > 0) result = block->softcap * tanhf(result / block->softcap);
    if (block->bias == NULL) return result;
    const float number = block->bias[row * block->bias_stride + key];
    if (!block->replaces) return result + number;
    return number == 0 ? result : number;
}

void qt_f32_attention_weigh_1__scalar(const qt_f32_attention_block *block) {
    for (size_t row = 0; row < block->rows; row++) {
        float *scores = block->scores + row * block->stride;
        const _Bool continues = block->results != NULL;
        const float before = continues ? block->largest[row] : -INFINITY;
        float largest = before;
        for (size_t key = 0; key < block->keys; key++) {
            scores[key] = score(block, row, key);
            if (scores[key] > largest) largest = scores[key];
        }
        const float base = largest == -INFINITY ? 0 : largest;
        float sum = 0;
        for (size_t key = 0; key < block->keys; key++) {
            scores[key] = expf(scores[key] - base);
            sum += scores[key];
        }
        block->largest[row] = largest;
        if (continues) {
            const float factor = expf(before - base);
            float *results = block->results + row * block->results_stride;
            for (size_t j = 0; j < block->width; j++) results[j] *= factor;
            sum += block->sums[row] * factor;
        }
        block->sums[row] = sum;
    }
}

void qt_f32_attention_divide_1__scalar(const qt_f32_attention_quotient *quotient) {
    for (size_t row = 0; row < quotient->rows; row++) {
        const float sum = quotient->sums[row];
        const float factor = sum == 0 && quotient->clears ? 0 : 1 / sum;
        float *results = quotient->results + row * quotient->results_stride;
        for (size_t j = 0; j < quotient->width; j++) results[j] *= factor;
    }
}

void qt_f32_attention_gather_1__scalar(
    const float *source, size_t stride, float *target, size_t width, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++, source += stride, target += width) {
        memcpy(target, source, columns * sizeof(float));
        memset(target + columns, 0, (width - columns) * sizeof(float));
    }
}
