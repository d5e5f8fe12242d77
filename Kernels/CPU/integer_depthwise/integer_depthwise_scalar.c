// The reference that every other kernel equals bit for bit.
#include "qt_integer_depthwise.h"
#include "../integer_gemm/qt_integer_scalar.h"

static size_t packed_bytes(size_t channels, size_t taps) { return channels * taps * sizeof(int16_t); }

static void pack(
    const int16_t *weights, size_t channels, const qt_integer_pass *taps, size_t tap_count, void *packed) {
    int16_t *out = packed;
    for (size_t i = 0; i < tap_count; i++, out += channels)
        memcpy(out, weights + taps[i].index * channels, channels * sizeof *out);
}

static void arrange(const uint32_t *values, size_t channels, uint32_t *out) {
    memcpy(out, values, channels * sizeof *out);
}

static void pixel(const qt_integer_depthwise *job, const uint8_t *const *taps, size_t tap_count, void *out) {
    size_t channels = job->windows->channels;
    const int16_t *weights = job->packed;
    for (size_t channel = 0; channel < channels; channel++) {
        uint32_t sum = (uint32_t)job->offsets[channel];
        for (size_t tap = 0; tap < tap_count; tap++)
            sum += (uint32_t)((int32_t)(uint8_t)(taps[tap][channel] ^ job->flip) *
                              (int32_t)weights[tap * channels + channel]);
        qt_epilogue_store(&job->epilogue, (int32_t)sum, channel, NULL, out, channel);
    }
}

const qt_integer_depthwise_kernel qt_u8s16_depthwise_1x1__scalar = {
    .name = "qt_u8s16_depthwise_1x1__scalar",
    .isa = QT_ISA_SCALAR,
    .block_channels = 1,
    .tap_unit = 1,
    .weight_bytes = 2,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .arrange = arrange,
    .pixel = pixel,
};
