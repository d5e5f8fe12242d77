// Integer convolutions with 3x3 windows and stride 1 by Winograd's minimal filtering: squares of 4x4 output pixels are
// made from 6x6 products for each channel, a quarter of the multiplications, and the sums are exact.
//
// With the interpolation points 0, +-1, +-2 and infinity all factors can be made integers. In one dimension, of pixels
// d and window g:
//
//     v = | 4  0 -5  0  1  0 | d     u = |  6  0  0 | g     m = u * v     y = |  1  4  4  1  1  0 | m  /  24
//         | 0 -4 -4  1  1  0 |           | -1 -1 -1 |                         |  0  2 -2  1 -1  0 |    /  12
//         | 0  4 -4 -1  1  0 |           | -1  1 -1 |                         |  0  1  1  1  1  0 |    /   6
//         | 0 -2 -1  2  1  0 |           |  1  2  4 |                         |  0  1 -1  2 -2  1 |    /   6
//         | 0  2 -1 -2  1  0 |           |  1 -2  4 |
//         | 0  4  0 -5  0  1 |           |  0  0  6 |
//
// In two dimensions a transformed pixel is at most 10 * 10 * 255 = 25,500 and a transformed weight, less its zero
// point, at most 7 * 7 * 255 = 12,495: both fit in 16 bits. Products and their sums wrap in 32 bits. The result is
// 24 * 24 * Y = 2^6 * 9 * Y at most, modulo 2^32: times the inverse of 9 it is 2^6 * Y, and an arithmetic shift leaves
// Y, wherever 2^6 * Y fits in 32 bits, that is |Y| < 2^25. Whoever packs weights makes sure of that; what happens in
// between may wrap.
//
// Along an axis on which at most two of its output pixels lie in the image a square is short: the points 0, +-1 and
// infinity are enough for it, cells 0, 1, 2 and 5 with the same weights.
//
//     v = | 1  0 -1  0 | d     y = | 1 -3 -3  0 | m  /  6
//         | 0  1  1  0 |           | 0 -3  3 -1 |    /  6
//         | 0 -1  1  0 |
//         | 0  1  0 -1 |
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "qt_integer_gemm.h"

enum {
    QT_INTEGER_WINOGRAD_TILE = 4,    // output pixels along each side of a square
    QT_INTEGER_WINOGRAD_SHORT = 2,   // those of a short one
    QT_INTEGER_WINOGRAD_CELLS = 36,  // products that make a square, row by row
};

// Squares of a block, in this order: those that are long down and across, long down only, long across only, and short
// both ways. Only squares that are long down have cells in rows 3 and 4, and only those that are long across have cells
// in columns 3 and 4: a cell of all squares that have it is a matrix with no gaps.
typedef struct {
    size_t all, down, across, both;  // squares; those of them that are long that way
} qt_integer_winograd_rows;

// How many of the squares have a cell.
static inline size_t qt_integer_winograd_rows_of(const qt_integer_winograd_rows *rows, size_t cell) {
    const size_t y = cell / 6, x = cell % 6;
    if (y == 3 || y == 4) return x == 3 || x == 4 ? rows->both : rows->down;
    return x == 3 || x == 4 ? rows->across : rows->all;
}

// The pixels under a run of squares, neighbours in one row that have as many rows and pixels of outputs, less their
// zero point; those outside of the image are 0: cells[cell * cell_step + square * square_step + channel]. A product
// reads channels in fours: what lies past the last one meets weights of 0.
typedef struct {
    const uint8_t *image;   // its first pixel; rows and pixels follow one another with no gaps
    ptrdiff_t height, width;
    size_t channels;
    uint8_t flip;           // 0x80 for s8 pixels, else 0
    int32_t zero_point;     // flipped with the pixels
    ptrdiff_t top, left;    // the first square's first pixel, maybe before the image
    size_t squares;
    size_t rows, pixels;    // of each one's outputs in the image, 1 ... QT_INTEGER_WINOGRAD_TILE
    int16_t *cells;
    size_t cell_step, square_step;  // elements
    size_t back;            // elements by which cells of columns 3 and 4 lie before, where squares without them precede
} qt_integer_winograd_input;

// Weights of a panel that were packed as bytes, and their cells:
// cells[cell * cell_step + (pair * columns + column) * 2 + channel of the pair].
typedef struct {
    const int8_t *packed;        // of the first pair of channels
    const int32_t *zero_points;  // one for each column
    size_t columns, pairs;       // whole panels
    int16_t *cells;
    size_t cell_step;            // elements
} qt_integer_winograd_weights;

typedef struct qt_integer_winograd_kernel qt_integer_winograd_kernel;

// The products of a block's squares by a panel of `columns` weights, cell by cell.
typedef struct {
    const qt_integer_winograd_kernel *kernel;
    qt_integer_winograd_rows rows;
    size_t columns, depth;        // whole panels and a multiple of 4 channels
    const int16_t *pixels;        // [cell][row][channel]
    size_t pixel_row, pixel_step;  // elements from one row to the next, and from one cell to the next
    const int16_t *weights;       // [cell][channel / 2][column][channel % 2]
    size_t weight_step;           // elements from one cell to the next
    int32_t *products;            // [cell][row][column], cells `product_step` apart
    size_t product_step;
    // Only of a kernel's own `multiply`: whether products are added to those that are there, and what is to be in the
    // second-level cache afterwards.
    int adds;
    const void *next;
    size_t next_bytes;
} qt_integer_winograd_product;

void qt_integer_winograd_multiply(const qt_integer_winograd_product *call);

// output[y][x][c] = epilogue(transform(cells)[y][x][c] + offsets[c]), y < rows, x < pixels, c < columns, for each
// square of a run, QT_INTEGER_WINOGRAD_TILE pixels after the one before. Cells are readable up to a whole panel of the
// product.
typedef struct {
    const int32_t *cells;
    size_t cell_step, square_step, back;  // as those of the input
    const int32_t *offsets;
    qt_epilogue epilogue;   // its addend is at the first square's first pixel
    size_t columns;         // at most the product's tile
    size_t squares;
    size_t rows, pixels;    // 1 ... QT_INTEGER_WINOGRAD_TILE
    uint8_t *output;
    size_t row_step;        // bytes from one row of the output to the next
    size_t pixel_step;
} qt_integer_winograd_output;

struct qt_integer_winograd_kernel {
    const char *name;
    uint32_t isa;
    // Where it is faster than the product of whole windows: with at least so many channels, in and out, and at most so
    // many windows (channels in times channels out). Their transforms take eight times their memory: more than
    // most_windows stay bytes, and each run transforms them anew, up to most_late_windows.
    int32_t least_channels, most_windows, most_late_windows;
    // Of 16-bit elements, its unit 2. It says how panels are packed; `multiply` takes its place in a run.
    const qt_integer_gemm_kernel *product;
    void (*input)(const qt_integer_winograd_input *call);
    void (*output)(const qt_integer_winograd_output *call);
    // The kernel's own products, or NULL; only with them are windows transformed in a run.
    void (*multiply)(const qt_integer_winograd_product *call);
    // Where windows are transformed in a run, else NULL.
    void (*weights)(const qt_integer_winograd_weights *call);
    const char *late_name;
};

// Row `index` of the table, best first, the scalar reference last; NULL past the end.
const qt_integer_winograd_kernel *qt_integer_winograd_row(size_t index);

// Windows [columns][channels][9] of s8, or of u8 where `flip` is 0x80, and a zero point for each column, flipped with
// them. What is packed are panels of columns like those of a product, one for each cell:
// packed[panel][cell][channel / 2][column][channel % 2], the channels made up to a multiple of 4.
typedef struct {
    const uint8_t *weights;
    uint8_t flip;
    const int32_t *zero_points;
    size_t columns, channels;
} qt_integer_winograd_windows;

// Whether no sum of products of these windows and bytes less their zero point leaves the range that is exact.
int qt_integer_winograd_is_exact(const qt_integer_winograd_windows *windows);
size_t qt_integer_winograd_packed_bytes(
    const qt_integer_winograd_kernel *kernel, const qt_integer_winograd_windows *windows);
void qt_integer_winograd_pack(
    const qt_integer_winograd_kernel *kernel, const qt_integer_winograd_windows *windows, int16_t *packed);

// The same windows as bytes, to be transformed later: packed[panel][channel / 2][tap][column][channel % 2].
size_t qt_integer_winograd_late_bytes(
    const qt_integer_winograd_kernel *kernel, const qt_integer_winograd_windows *windows);
void qt_integer_winograd_pack_late(
    const qt_integer_winograd_kernel *kernel, const qt_integer_winograd_windows *windows, int8_t *packed);
