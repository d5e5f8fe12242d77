#include <string.h>

#include "qt_interleave.h"

static inline void interleave(size_t width, const uint8_t *a, const uint8_t *b, size_t bytes, uint8_t *out) {
    for (size_t i = 0; i < bytes; i += width) {
        memcpy(out + 2 * i, a + i, width);
        memcpy(out + 2 * i + width, b + i, width);
    }
}

#include "interleave_pixels.h"

void qt_any_interleave_2x1__scalar(size_t width, const qt_interleaving *job) { interleave_each_width(width, job); }
