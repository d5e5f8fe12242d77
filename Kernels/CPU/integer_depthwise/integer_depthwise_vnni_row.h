// Packing and the walk over channels for blocks of at most WIDEST channels, by powers of two down to 16. Included after
// the blocks. `block_width` is the width of the block that serves so many channels.

static size_t block_width(size_t channels) {
    if (channels > WIDEST / 2) return WIDEST;
    return channels > 16 ? 32 : 16;
}

static size_t packed_bytes(size_t channels, size_t taps) {
    size_t groups = (taps + 3) / 4, bytes = 0;
    for (size_t channel = 0; channel < channels; channel += block_width(channels - channel))
        bytes += block_width(channels - channel) * 4 * groups;
    return bytes;
}

// Weights of block, group of four taps, vector j, lane, tap.
static void pack(const int16_t *weights, size_t channels, size_t taps, void *packed) {
    int8_t *out = packed;
    for (size_t first = 0; first < channels; first += block_width(channels - first)) {
        size_t width = block_width(channels - first);
        for (size_t group = 0; group < taps; group += 4)
            for (size_t j = 0; j < 4; j++)
                for (size_t lane = 0; lane < width / 4; lane++) {
                    size_t channel = first + lane / 4 * 16 + j * 4 + lane % 4;
                    for (size_t tap = group; tap < group + 4; tap++)
                        *out++ = tap < taps && channel < channels ? (int8_t)weights[tap * channels + channel] : 0;
                }
    }
}

static void arrange(const uint32_t *values, size_t channels, uint32_t *out) {
    for (size_t first = 0; first < channels; first += block_width(channels - first)) {
        size_t width = block_width(channels - first);
        for (size_t j = 0; j < 4; j++)
            for (size_t lane = 0; lane < width / 4; lane++) {
                size_t channel = first + lane / 4 * 16 + j * 4 + lane % 4;
                *out++ = channel < channels ? values[channel] : 0;
            }
    }
}

static void pixel(const qt_integer_depthwise *job, const uint8_t *const *taps, size_t tap_count, void *out) {
    const size_t channels = job->windows->channels;
    const uint8_t *weights = job->packed;
    for (size_t channel = 0; channel < channels;) {
        size_t rest = channels - channel, width = block_width(rest);
        size_t count = rest < width ? rest : width;
        if (width == 16)
            block16(job, taps, tap_count, weights, channel, count, out);
        else if (width == 32)
            block32(job, taps, tap_count, weights, channel, count, out);
#if WIDEST == 64
        else
            block64(job, taps, tap_count, weights, channel, count, out);
#endif
        weights += width * tap_count;
        channel += width;
    }
}
