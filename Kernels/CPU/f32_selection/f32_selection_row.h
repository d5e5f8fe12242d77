// What every kernel of the family shares: the order as integers, and the row's loop round the search for candidates.
// A number and its place make one integer, larger for what comes first.
#pragma once

#include <stdbool.h>
#include <string.h>

#include "qt_f32_selection.h"

static inline uint32_t order_of(float x, bool smallest) {
    uint32_t bits;
    x += 0.0f;  // makes -0 a 0
    memcpy(&bits, &x, sizeof bits);
    uint32_t order = x != x ? UINT32_MAX : bits ^ ((uint32_t)((int32_t)bits >> 31) | 0x80000000u);
    return smallest ? ~order : order;
}

static inline uint64_t entry(float x, size_t place, bool smallest) {
    return (uint64_t)order_of(x, smallest) << 32 | (uint32_t)~(uint32_t)place;
}

// Keeps the first `k` of `count` entries and returns the order of the last of them.
static inline uint32_t keep_first(uint64_t *room, size_t count, size_t k) {
    qt_selection_part(room, count, k);
    uint64_t last = room[0];
    for (size_t i = 1; i < k; i++) last = room[i] < last ? room[i] : last;
    return (uint32_t)(last >> 32);
}

static inline void finish_row(
    const float *x, size_t kept, size_t k, uint64_t *room, float *values, int64_t *places) {
    qt_selection_part(room, kept, k);
    qt_selection_sort(room, k);
    for (size_t i = 0; i < k; i++) {
        uint32_t place = ~(uint32_t)room[i];
        places[i] = place;
        values[i] = x[place];
    }
}
