#include <assert.h>

#include "qt_integer_winograd.h"

enum { CELLS = QT_INTEGER_WINOGRAD_CELLS, WIDEST = 64 };

void qt_integer_winograd_multiply(const qt_integer_winograd_product *call) {
    static const int32_t zeros[WIDEST];
    assert(call->columns <= WIDEST);
    const size_t panel = call->columns * call->depth;
    for (size_t cell = 0; cell < CELLS; cell++) {
        qt_integer_block block = {
            .rows = call->rows,
            .columns = call->columns,
            .depth = call->depth,
            .run_depth = call->depth,
            .a = call->pixels + cell * call->pixel_step,
            .a_stride = call->depth * sizeof *call->pixels,
            .b = call->weights + cell * panel,
            .is_followed = cell + 1 < CELLS,
            .offsets = zeros,
            .epilogue.kind = QT_EPILOGUE_ACCUMULATORS,
            .c = call->products + cell * call->product_step,
            .c_stride = call->columns * sizeof *call->products,
        };
        call->kernel->run(&block);
    }
}
