// Elements of two operands in turn: a[0], b[0], a[1], b[1], ... of each pixel.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *a, *b;
    // Where everything goes; with `high`, where the first half of each pixel goes, and `high` takes the second.
    uint8_t *low, *high;
    size_t a_stride, b_stride;  // bytes from pixel to pixel; those of the results lie without gaps
    size_t pixels, count;       // elements of each operand in a pixel, an even number where there is `high`
} qt_interleaving;

typedef struct {
    const char *name;
    uint32_t isa;
    // Elements of `width` bytes: 1, 2, 4 or 8. Results overlap no operand.
    void (*run)(size_t width, const qt_interleaving *job);
} qt_interleave_row;

const qt_interleave_row *qt_interleave_table(size_t *count);

void qt_any_interleave_2x32__avx512(size_t width, const qt_interleaving *job);
void qt_any_interleave_2x16__avx2(size_t width, const qt_interleaving *job);
void qt_any_interleave_2x1__scalar(size_t width, const qt_interleaving *job);
