// Windows of a convolution that are read where they lie: from the image itself, or where windows reach past its borders
// from a copy of some of its rows with the padding round them. That is far less than copies of all windows.
#pragma once

#include "qt_integer_gemm.h"

static inline size_t round_up(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// Whether weights have zero points, which the sums of the rows are multiplied by.
static inline int qt_integer_needs_sums(const qt_integer_product *product) {
    return product->weight_zero_points || product->weight_zero_point != 0;
}

// Whether a product's windows can be read so. Their rows are runs of pixels, and the tiles' groups of seven windows lie
// in one row of the output.
int qt_integer_reads_image(const qt_integer_product *product);

// Scratch of an image, in bytes from its start: the copy, then where each window starts, then sums of runs.
typedef struct {
    size_t copy, offsets, run_sums, total;
} qt_integer_image_layout;

// Windows that are taken together, a multiple of the tile's rows, and what their image takes.
size_t qt_integer_image_group(const qt_integer_product *product);
qt_integer_image_layout qt_integer_image_layout_of(const qt_integer_product *product);
// How many of the windows `begin..<end` lie in one image.
size_t qt_integer_image_rows(const qt_integer_product *product, size_t begin, size_t end);

// Makes the windows `begin..<begin + block->rows`, which lie in one image, the left operand of `block`, with their sums
// times `factor` in `sums`, which may be NULL.
void qt_integer_image_place(
    const qt_integer_product *product, size_t begin, qt_integer_block *block, uint8_t *scratch, int32_t factor,
    int32_t *sums);
