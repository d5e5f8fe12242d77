#include <stdbool.h>

#include "qt_f32_selection.h"

enum { FEW = 16 };

static inline void swap(uint64_t *a, uint64_t *b) {
    uint64_t kept = *a;
    *a = *b;
    *b = kept;
}

static inline uint64_t middle(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

// Takes the number to part by from places that no order of the numbers foresees, so that none makes parting slow.
static inline uint64_t pivot(const uint64_t *numbers, size_t count, uint64_t *state) {
    uint64_t chosen[3];
    for (int i = 0; i < 3; i++) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        chosen[i] = numbers[(*state >> 11) % count];
    }
    return middle(chosen[0], chosen[1], chosen[2]);
}

// Puts numbers above the pivot in front, the pivot behind them, the others last. Returns where the pivot stands.
static size_t part(uint64_t *numbers, size_t count, uint64_t at) {
    size_t above = 0, place = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = numbers[i];
        numbers[i] = numbers[above];
        numbers[above] = number;
        above += number > at;
    }
    for (place = above; numbers[place] != at; place++) {}
    swap(numbers + place, numbers + above);
    return above;
}

void qt_selection_part(uint64_t *numbers, size_t count, size_t k) {
    uint64_t state = 0x9E3779B97F4A7C15ull;
    while (k > 0 && k < count) {
        size_t place = part(numbers, count, pivot(numbers, count, &state));
        if (place == k || place + 1 == k) return;
        if (place > k) {
            count = place;
        } else {
            numbers += place + 1;
            count -= place + 1;
            k -= place + 1;
        }
    }
}

static void insert_all(uint64_t *numbers, size_t count) {
    for (size_t i = 1; i < count; i++) {
        uint64_t number = numbers[i];
        size_t place = i;
        for (; place > 0 && numbers[place - 1] < number; place--) numbers[place] = numbers[place - 1];
        numbers[place] = number;
    }
}

static void sort(uint64_t *numbers, size_t count, uint64_t *state) {
    while (count > FEW) {
        size_t place = part(numbers, count, pivot(numbers, count, state));
        size_t rest = count - place - 1;
        // The shorter part in a call of its own, so that calls are never deep.
        if (place < rest) {
            sort(numbers, place, state);
            numbers += place + 1;
            count = rest;
        } else {
            sort(numbers + place + 1, rest, state);
            count = place;
        }
    }
    insert_all(numbers, count);
}

void qt_selection_sort(uint64_t *numbers, size_t count) {
    uint64_t state = 0x9E3779B97F4A7C15ull;
    sort(numbers, count, &state);
}
