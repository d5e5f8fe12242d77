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
static void pack(
    const int16_t *weights, size_t channels, const qt_integer_pass *taps, size_t tap_count, void *packed) {
    int8_t *out = packed;
    for (size_t first = 0; first < channels; first += block_width(channels - first)) {
        size_t width = block_width(channels - first);
        for (size_t group = 0; group < tap_count; group += 4)
            for (size_t j = 0; j < 4; j++)
                for (size_t lane = 0; lane < width / 4; lane++) {
                    size_t channel = first + lane / 4 * 16 + j * 4 + lane % 4;
                    for (size_t i = group; i < group + 4; i++) {
                        int inside = i < tap_count && channel < channels;
                        *out++ = inside ? qt_integer_term(weights[taps[i].index * channels + channel], taps[i].term)
                                        : 0;
                    }
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

static void gather(
    const qt_integer_windows *w, const uint8_t *row, const uint8_t *padding, uint8_t flip, ptrdiff_t x, size_t quads,
    size_t step, size_t count, uint8_t *out) {
    size_t width = block_width(count);
    if (width == 16)
        gather16(w, row, padding, flip, x, quads, step, count, out);
    else if (width == 32)
        gather32(w, row, padding, flip, x, quads, step, count, out);
#if WIDEST == 64
    else
        gather64(w, row, padding, flip, x, quads, step, count, out);
#endif
}

#define STRIP_OF(WIDTH, PHASES, QUADS, STEP) \
    strip##WIDTH(job, lines, line_count, weights, channel, count, PHASES, QUADS, STEP, out)
// The forms that qt_integer_strip_of gives.
#define STRIPS(WIDTH)                                                   \
    do {                                                                \
        if (s.quads == 1 && s.phases == 2)                              \
            STRIP_OF(WIDTH, 2, 1, 1);                                   \
        else if (s.quads == 1)                                          \
            STRIP_OF(WIDTH, 1, 1, 1);                                   \
        else if (s.phases == 4)                                         \
            STRIP_OF(WIDTH, 4, 2, 1);                                   \
        else if (s.phases == 2)                                         \
            STRIP_OF(WIDTH, 2, 2, s.step == 4 ? 1 : 2);                 \
        else                                                            \
            STRIP_OF(WIDTH, 1, 2, s.step == 4 ? 1 : 2);                 \
    } while (0)

static void strip(
    const qt_integer_depthwise *job, const uint8_t *const *lines, size_t line_count, const uint8_t *weights,
    size_t channel, size_t count, uint8_t *out) {
    const qt_integer_strip s = job->strip;
    size_t width = block_width(count);
    if (width == 16)
        STRIPS(16);
    else if (width == 32)
        STRIPS(32);
#if WIDEST == 64
    else
        STRIPS(64);
#endif
}
