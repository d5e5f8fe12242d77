#include "qt_integer_passes.h"
#include "qt_integer_strip.h"

void qt_integer_depthwise_weights(
    const uint8_t *weights, int is_unsigned, const int32_t *zero_points, size_t channels, size_t taps, int16_t *out) {
    for (size_t channel = 0; channel < channels; channel++)
        for (size_t tap = 0; tap < taps; tap++) {
            uint8_t byte = weights[channel * taps + tap];
            int32_t value = is_unsigned ? (int32_t)byte : (int32_t)(int8_t)byte;
            out[tap * channels + channel] = (int16_t)(value - zero_points[channel]);
        }
}

size_t qt_integer_passes_of(
    const qt_integer_depthwise_kernel *kernel, const int16_t *weights, size_t channels, size_t first, size_t count,
    size_t groups, size_t taps, qt_integer_pass *passes) {
    size_t total = 0;
    for (size_t group = 0; group < groups; group++) {
        size_t terms = 1;
        for (size_t tap = group * taps; kernel->weight_bytes == 1 && tap < (group + 1) * taps; tap++)
            for (size_t channel = first; channel < first + count; channel++)
                while (qt_integer_term(weights[tap * channels + channel], terms) != 0) terms++;
        for (size_t term = 0; term < terms; term++, total++)
            if (passes) passes[total] = (qt_integer_pass){(uint32_t)group, (uint32_t)term};
    }
    return total;
}

size_t qt_integer_depthwise_packed_bytes(
    const qt_integer_depthwise_kernel *kernel, const qt_integer_depthwise_window *window, const int16_t *weights,
    size_t channels) {
    if (qt_integer_strip_of(kernel, window).phases)
        return qt_integer_strip_pack(kernel, window, weights, channels, NULL);
    size_t taps = window->height * window->width;
    size_t passes = qt_integer_passes_of(kernel, weights, channels, 0, channels, taps, 1, NULL);
    return qt_integer_passes_bytes(passes) + kernel->packed_bytes(channels, passes);
}

void qt_integer_depthwise_pack(
    const qt_integer_depthwise_kernel *kernel, const qt_integer_depthwise_window *window, const int16_t *weights,
    size_t channels, void *packed) {
    if (qt_integer_strip_of(kernel, window).phases) {
        qt_integer_strip_pack(kernel, window, weights, channels, packed);
        return;
    }
    qt_integer_passes *header = packed;
    header->count = qt_integer_passes_of(
        kernel, weights, channels, 0, channels, window->height * window->width, 1, header->passes);
    kernel->pack(
        weights, channels, header->passes, header->count,
        (uint8_t *)packed + qt_integer_passes_bytes(header->count));
}
