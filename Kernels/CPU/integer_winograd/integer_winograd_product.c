#include <assert.h>

#include "qt_integer_winograd.h"

enum { CELLS = QT_INTEGER_WINOGRAD_CELLS, WIDEST = 64 };

void qt_integer_winograd_multiply(const qt_integer_winograd_product *call) {
    static const int32_t zeros[WIDEST];
    assert(call->columns <= WIDEST);
    if (call->kernel->multiply) {
        call->kernel->multiply(call);
        return;
    }
    assert(!call->adds);
    for (size_t cell = 0; cell < CELLS; cell++) {
        qt_integer_block block = {
            .rows = qt_integer_winograd_rows_of(&call->rows, cell),
            .columns = call->columns,
            .depth = call->depth,
            .run_depth = call->depth,
            .a = call->pixels + cell * call->pixel_step,
            .a_stride = call->pixel_row * sizeof *call->pixels,
            .b = call->weights + cell * call->weight_step,
            .is_followed = cell + 1 < CELLS,
            .offsets = zeros,
            .epilogue.kind = QT_EPILOGUE_ACCUMULATORS,
            .c = call->products + cell * call->product_step,
            .c_stride = call->columns * sizeof *call->products,
        };
        if (block.rows > 0) call->kernel->product->run(&block);
    }
}
