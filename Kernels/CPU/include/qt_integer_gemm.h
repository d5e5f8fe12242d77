// Integer matrix products and convolutions over NHWC: u8 or s8 activations, s8 or u8 weights, exact int32 sums.
//
// Kernels see u8 activations and s8 weights only: s8 activations are flipped by XOR 0x80 while they are copied, u8
// weights while they are packed. Both zero points enter through one int32 offset per column,
//     offset[n] = bias[n] - za * sum_k(b[k][n]) + k * za * zb[n],
// and, where a weight zero point zb is not 0, through -zb[n] * sum_k(a[m][k]), which is one number a row where all zb
// are the same. Sums wrap, as the standard has them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "qt_isa.h"

typedef enum {
    QT_EPILOGUE_ACCUMULATORS = 0,  // int32
    QT_EPILOGUE_REQUANTIZE_U8 = 1,
    QT_EPILOGUE_REQUANTIZE_S8 = 2,
    QT_EPILOGUE_DEQUANTIZE = 3,  // float32
} qt_epilogue_kind;

// Elements of the output's type, in its places, that are added to what the sums were requantized to,
//   own = round_half_even(clamp(float(sum) * scales[n], own_lower, own_upper))
//   q = round_half_even(clamp(own * own_ratio + float(value - zero_point) * ratio, lower, upper)) + output's zero point
// or to what they were dequantized to, before that is clamped; the numbers here are then not used.
typedef struct {
    const void *values;  // NULL where nothing is added; rows lie as far apart as the output's
    int32_t zero_point;
    float ratio, own_ratio;
    float own_lower, own_upper;
} qt_epilogue_addend;

// What is done with the sums. Per-column arrays may be read up to 63 elements past the last column.
//   requantize: q = round_half_even(clamp(float(sum) * scales[n], lower, upper)) + zero_point; the bounds are the
//               output's less the zero point, so no step can leave the output's range; NaN becomes the lower bound
//   dequantize: f = clamp(float(sum) * scales[n] + biases[n] + addend, lower, upper), each operation rounded
typedef struct {
    int32_t kind;
    int32_t zero_point;
    float lower, upper;
    int32_t is_small;  // whether nothing that is rounded can leave int32, so that bounds may be kept after rounding
    const float *scales;
    const float *biases;
    qt_epilogue_addend addend;  // depthwise kernels add nothing
    // QT_EPILOGUE_RANGE lowest, then as many highest of the numbers that were dequantized so far, NaN left out: each
    // may stand for other numbers than the next, and 0 may be among them. NULL where nobody asks.
    float *range;
} qt_epilogue;

enum { QT_EPILOGUE_RANGE = 64 };

// Begins a range with no numbers in it.
void qt_epilogue_range_begin(float *range);
// Takes the ends of `range` into `ends`.
void qt_epilogue_range_end(const float *range, float ends[2]);

// Rows that lie equally far apart even where `a_offsets` says where they start.
enum { QT_INTEGER_ROW_GROUP = 7 };

// A product of packed operands: rows x depth times depth x columns. Only kernels whose tiles are whole groups of rows
// take rows in runs, or by `a_offsets`.
typedef struct {
    size_t rows, columns, depth;  // depth in elements, a multiple of 4, the same for both operands
    // u8, or s16 for kernels of element_bytes 2. Rows are made of runs of `run_depth` elements, a multiple of 4, with
    // `run_gap` bytes between one and the next; all of the depth where it is one.
    const void *a;
    size_t run_depth, run_gap;
    size_t a_stride;              // bytes from row to row
    const size_t *a_offsets;      // or where each row starts, the groups of rows apart from one another; or NULL
    const void *b;                // packed panels
    int is_followed;              // whether weights that are wanted next lie behind the last panel, as many as its own
    const int32_t *offsets;       // per column, readable like the epilogue's arrays
    const int32_t *row_sums;      // of each row of a, as wanted below; NULL where all weight zero points are 0
    const int32_t *weight_zero_points;  // per column; NULL where `row_sums` have been multiplied by the only one
    qt_epilogue epilogue;
    void *c;
    size_t c_stride;  // bytes
} qt_integer_block;

typedef struct {
    const char *name;
    uint32_t isa;
    int32_t tile_rows, tile_columns;
    int32_t narrow_columns;  // width of the last panel when it holds no more columns than this
    int32_t unit;            // neighbours in depth that lie together in a panel
    int32_t element_bytes;   // 1 or 2: of a packed weight, and of an activation as the kernel reads it
    void (*run)(const qt_integer_block *block);
    // The sum of each row of `depth` bytes times `factor`; sums wrap.
    void (*sum_rows)(
        const uint8_t *rows, size_t stride, size_t count, size_t depth, int32_t factor, int32_t *sums);
} qt_integer_gemm_kernel;

// Row `index` of the table, best first, the scalar reference last; NULL past the end.
const qt_integer_gemm_kernel *qt_integer_gemm_row(size_t index);

// Bytes that one element of the output takes.
size_t qt_epilogue_output_bytes(int32_t kind);

// Weights [columns][taps][channels] s8 from [columns][channels][taps]; `flip` is 0x80 for u8 weights, else 0.
void qt_integer_weights_order(
    const uint8_t *weights, uint8_t flip, size_t columns, size_t channels, size_t taps, int8_t *out);
// `bias` less `zero_point` times `slopes`, and `scales` times `factor`, for each of `count` channels. Offsets wrap.
void qt_channel_offsets(const int32_t *bias, const int32_t *slopes, size_t count, int32_t zero_point, int32_t *out);
void qt_channel_scales(const float *scales, size_t count, float factor, float *out);
// The transpose of a [depth][columns] matrix, flipped.
void qt_integer_weights_transpose(const uint8_t *weights, uint8_t flip, size_t depth, size_t columns, int8_t *out);
// The sum of each of `columns` rows of `depth` weights.
void qt_integer_weights_sum(const int8_t *weights, size_t columns, size_t depth, int32_t *sums);

// Panels of [columns][depth] weights. Every panel starts on a multiple of its width times the padded depth.
size_t qt_integer_gemm_packed_bytes(const qt_integer_gemm_kernel *kernel, size_t columns, size_t depth);
void qt_integer_gemm_pack(
    const qt_integer_gemm_kernel *kernel, const int8_t *weights, size_t columns, size_t depth, void *packed);

// The windows of a convolution over NHWC bytes. `channels` of each pixel's `pixel_stride` are read.
typedef struct {
    const uint8_t *input;
    size_t input_bytes;  // that may be read from `input` on
    size_t height, width, channels, pixel_stride;
    size_t output_height, output_width;
    size_t kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width;
    ptrdiff_t pad_top, pad_left;
    uint8_t padding;  // the byte outside the image: the input zero point
} qt_integer_windows;

// Windows number `begin..<end` (output pixels in order) as rows [tap][channel], each `out_stride` bytes apart, with the
// vectors of `isa`. Up to 32 bytes past the last row are overwritten.
void qt_integer_gather(
    const qt_integer_windows *windows, size_t begin, size_t end, uint32_t isa, uint8_t *out, size_t out_stride);

// A product whose left operand lies in memory as rows of bytes, or is gathered from the windows of a convolution.
typedef struct {
    const qt_integer_gemm_kernel *kernel;
    size_t depth;                        // true depth
    const uint8_t *rows;                 // NULL where `windows` is used
    size_t row_stride;
    const qt_integer_windows *windows;
    uint8_t flip;                        // 0x80 for s8 activations, else 0
    size_t columns;
    const void *packed;
    const int32_t *offsets;
    const int32_t *weight_zero_points;   // NULL where all are the same
    int32_t weight_zero_point;           // that one
    qt_epilogue epilogue;
    void *output;
    size_t output_stride;                // bytes from row to row
} qt_integer_product;

// Whether rows are taken where they lie, or nearly so, and parts of the columns may as well take them each for itself.
int qt_integer_product_copies_little(const qt_integer_product *product);
// Bytes of scratch memory, 64-byte aligned, that a call of `qt_integer_product_run` needs.
size_t qt_integer_product_scratch(const qt_integer_product *product);
// Rows `row_begin..<row_end` times columns `column_begin..<column_end`; the first column is a multiple of the tile's.
void qt_integer_product_run(
    const qt_integer_product *product, size_t row_begin, size_t row_end, size_t column_begin, size_t column_end,
    void *scratch);
