// Loops of nothing but multiply-accumulates: what the arithmetic units of one core can do at most.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name;
    uint32_t isa;
    _Bool is_integer;            // products of integers (8 bits, or 16 where nothing narrower is exact), else float32
    size_t operations;           // multiplications and additions of one step
    void (*run)(size_t steps);
} qt_ceiling;

// Row `index` of the table, best first of each kind; NULL past the end. Machines without a row have no known ceiling.
const qt_ceiling *qt_ceiling_row(size_t index);
