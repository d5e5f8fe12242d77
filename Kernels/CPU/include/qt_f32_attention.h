// float32 attention between its two matrix products: scores of some queries over a block of keys become weights.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Keys that one query sees, among those of a block.
typedef struct {
    uint32_t first;
    uint32_t end;
} qt_f32_attention_range;

// Blocks of keys come one after another. A weight is exp(score - the largest score of its query so far); what blocks
// before gave is multiplied by a factor where a larger score turns up, so that only one block need be in memory.
//
// score = scale * product, bent to softcap * tanh(score / softcap) where softcap is positive, then changed by the bias.
// Keys that a query does not see weigh 0.
typedef struct {
    size_t rows;                         // queries
    size_t keys;                         // at least 1
    float *scores;                       // products of queries and keys, then weights
    size_t stride;                       // floats between rows: `keys` rounded up to whole registers, or more
    float scale;
    float softcap;                       // 0 for none
    const float *bias;                   // `keys` numbers a query; NULL for none
    size_t bias_stride;                  // floats from a query to the next; 0 where all meet the same numbers
    _Bool replaces;                      // numbers other than 0 stand for the score, rather than being added to it
    const qt_f32_attention_range *seen;  // what each query sees; NULL where each sees every key
    float *largest;                      // of each query; written in the first block, renewed in the others
    float *sums;                         // of each query's weights; likewise
    float *results;                      // sums of values so far; NULL in the first block
    size_t results_stride;
    size_t width;                        // floats of a result
} qt_f32_attention_block;

// Sums of values are divided by the sums of their weights. Those of queries that see no key are NaN; 0 with `clears`.
typedef struct {
    size_t rows;
    size_t width;
    float *results;
    size_t results_stride;
    const float *sums;
    _Bool clears;
} qt_f32_attention_quotient;

typedef struct {
    const char *name;
    uint32_t isa;
    uint32_t lanes;   // floats in a register
    void (*weigh)(const qt_f32_attention_block *block);
    void (*divide)(const qt_f32_attention_quotient *quotient);
    // target[row * width + column] = source[row * stride + column], 0 from `columns` to `width`, a multiple of lanes.
    void (*gather)(const float *source, size_t stride, float *target, size_t width, size_t rows, size_t columns);
} qt_f32_attention_row;

const qt_f32_attention_row *qt_f32_attention_table(size_t *count);

#define QT_DECLARE_ATTENTION(SUFFIX) \
    void qt_f32_attention_weigh_##SUFFIX(const qt_f32_attention_block *block); \
    void qt_f32_attention_divide_##SUFFIX(const qt_f32_attention_quotient *quotient); \
    void qt_f32_attention_gather_##SUFFIX( \
        const float *source, size_t stride, float *target, size_t width, size_t rows, size_t columns);

QT_DECLARE_ATTENTION(16__avx512)
QT_DECLARE_ATTENTION(8__avx2)
QT_DECLARE_ATTENTION(1__scalar)
