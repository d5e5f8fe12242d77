#include "f32_selection_row.h"

void qt_f32_selection_1__scalar(
    const float *x, size_t count, size_t k, bool smallest, uint64_t *room, float *values, int64_t *places) {
    size_t capacity = qt_selection_room(k), kept = 0;
    uint32_t least = 0;
    bool is_full = false;
    for (size_t i = 0; i < count; i++) {
        if (is_full && order_of(x[i], smallest) <= least) continue;
        room[kept++] = entry(x[i], i, smallest);
        if (kept < capacity) continue;
        least = keep_first(room, kept, k);
        kept = k;
        is_full = true;
    }
    finish_row(x, kept, k, room, values, places);
}
