// The first numbers of a row in order of size, without sorting the rest.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name;
    uint32_t isa;
    // The `k` largest of `count` numbers, or smallest, first ones first, and where they stand. Of equal ones the one
    // that stands first comes first; NaN is larger than everything, -0 equals 0. `room` holds qt_selection_room(k)
    // numbers; 1 <= k <= count < 2^32.
    void (*run)(const float *x, size_t count, size_t k, _Bool smallest, uint64_t *room, float *values, int64_t *places);
} qt_f32_selection_row;

const qt_f32_selection_row *qt_f32_selection_table(size_t *count);

// Numbers that wait to be compared: twice those that stay, so that few rounds of comparing are needed.
static inline size_t qt_selection_room(size_t k) { return 2 * k + 64; }

// Puts the `k` largest of `count` different numbers in front, in any order.
void qt_selection_part(uint64_t *numbers, size_t count, size_t k);
// Sorts different numbers, the largest first.
void qt_selection_sort(uint64_t *numbers, size_t count);

#define QT_DECLARE_SELECTION(NAME) \
    void NAME(const float *x, size_t count, size_t k, _Bool smallest, uint64_t *room, float *values, int64_t *places);

QT_DECLARE_SELECTION(qt_f32_selection_16__avx512)
QT_DECLARE_SELECTION(qt_f32_selection_8__avx2)
QT_DECLARE_SELECTION(qt_f32_selection_1__scalar)
