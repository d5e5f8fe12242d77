// The walk over pixels. The including file defines `interleave`, which takes one run of `bytes` from each operand.

#include "qt_interleave.h"

static inline __attribute__((always_inline)) void interleave_pixels(const size_t width, const qt_interleaving *job) {
    size_t bytes = job->count * width;
    if (job->high == NULL && job->a_stride == bytes && job->b_stride == bytes) {
        interleave(width, job->a, job->b, bytes * job->pixels, job->low);
        return;
    }
    for (size_t pixel = 0; pixel < job->pixels; pixel++) {
        const uint8_t *a = job->a + pixel * job->a_stride, *b = job->b + pixel * job->b_stride;
        if (job->high == NULL) {
            interleave(width, a, b, bytes, job->low + pixel * bytes * 2);
        } else {
            interleave(width, a, b, bytes / 2, job->low + pixel * bytes);
            interleave(width, a + bytes / 2, b + bytes / 2, bytes / 2, job->high + pixel * bytes);
        }
    }
}

static inline void interleave_each_width(size_t width, const qt_interleaving *job) {
    switch (width) {
        case 1: interleave_pixels(1, job); break;
        case 2: interleave_pixels(2, job); break;
        case 4: interleave_pixels(4, job); break;
        case 8: interleave_pixels(8, job); break;
    }
}
