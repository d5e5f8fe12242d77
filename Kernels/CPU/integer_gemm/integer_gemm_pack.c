#include <string.h>

#include "qt_integer_gemm.h"

void qt_integer_weights_order(
    const uint8_t *weights, uint8_t flip, size_t columns, size_t channels, size_t taps, int8_t *restrict out) {
    if (taps == 1) {
        for (size_t i = 0; i < columns * channels; i++) out[i] = (int8_t)(weights[i] ^ flip);
        return;
    }
    for (size_t column = 0; column < columns; column++)
        for (size_t tap = 0; tap < taps; tap++)
            for (size_t channel = 0; channel < channels; channel++)
                *out++ = (int8_t)(weights[(column * channels + channel) * taps + tap] ^ flip);
}

void qt_integer_weights_transpose(const uint8_t *weights, uint8_t flip, size_t depth, size_t columns, int8_t *out) {
    for (size_t k = 0; k < depth; k++)
        for (size_t column = 0; column < columns; column++)
            out[column * depth + k] = (int8_t)(weights[k * columns + column] ^ flip);
}

void qt_integer_weights_sum(const int8_t *weights, size_t columns, size_t depth, int32_t *sums) {
    for (size_t column = 0; column < columns; column++) {
        uint32_t sum = 0;
        for (size_t k = 0; k < depth; k++) sum += (uint32_t)(int32_t)weights[column * depth + k];
        sums[column] = (int32_t)sum;
    }
}

static size_t padded_depth(size_t depth) { return (depth + 3) & ~(size_t)3; }

static size_t panel_columns(const qt_integer_gemm_kernel *kernel, size_t remaining) {
    return remaining <= (size_t)kernel->narrow_columns ? (size_t)kernel->narrow_columns : (size_t)kernel->tile_columns;
}

size_t qt_integer_gemm_packed_bytes(const qt_integer_gemm_kernel *kernel, size_t columns, size_t depth) {
    size_t tile = (size_t)kernel->tile_columns, rest = columns % tile;
    size_t wide = columns - rest + (rest ? panel_columns(kernel, rest) : 0);
    return wide * padded_depth(depth) * (size_t)kernel->element_bytes;
}

// A panel of bytes in units of 4: words of all columns side by side. `columns` are those that hold weights.
static void pack_words(
    const int8_t *restrict weights, size_t columns, size_t width, size_t depth, int8_t *restrict packed) {
    size_t whole = depth / 4;
    for (size_t step = 0; step < whole; step++) {
        int8_t *target = packed + step * width * 4;
        for (size_t column = 0; column < columns; column++) {
            memcpy(target + column * 4, weights + column * depth + step * 4, 4);
        }
        memset(target + columns * 4, 0, (width - columns) * 4);
    }
    if (whole * 4 == depth) return;
    int8_t *target = packed + whole * width * 4;
    memset(target, 0, width * 4);
    for (size_t column = 0; column < columns; column++) {
        memcpy(target + column * 4, weights + column * depth + whole * 4, depth - whole * 4);
    }
}

// The same in units and elements of any size.
static void pack_elements(
    const qt_integer_gemm_kernel *kernel, const int8_t *weights, size_t columns, size_t width, size_t depth,
    void *packed) {
    size_t unit = (size_t)kernel->unit;
    int8_t *bytes = packed;
    int16_t *words = packed;
    for (size_t k = 0; k < padded_depth(depth); k += unit)
        for (size_t column = 0; column < width; column++)
            for (size_t u = 0; u < unit; u++) {
                int8_t weight = column < columns && k + u < depth ? weights[column * depth + k + u] : 0;
                if (kernel->element_bytes == 1)
                    *bytes++ = weight;
                else
                    *words++ = weight;
            }
}

void qt_integer_gemm_pack(
    const qt_integer_gemm_kernel *kernel, const int8_t *weights, size_t columns, size_t depth, void *packed) {
    int8_t *target = packed;
    for (size_t first = 0; first < columns;) {
        size_t width = panel_columns(kernel, columns - first);
        size_t valid = width < columns - first ? width : columns - first;
        const int8_t *panel = weights + first * depth;
        if (kernel->element_bytes == 1 && kernel->unit == 4) {
            pack_words(panel, valid, width, depth, target);
        } else {
            pack_elements(kernel, panel, valid, width, depth, target);
        }
        target += width * padded_depth(depth) * (size_t)kernel->element_bytes;
        first += width;
    }
}
