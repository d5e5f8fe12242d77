// One loop over twelve independent sums, enough to keep two units with a latency of four cycles busy. The including
// file defines VECTOR, ZERO and `step(sum, a, b)`.
//
// The empty assembly makes the compiler believe that operands change from step to step.
static void run(size_t steps) {
    VECTOR sums[12], a = ZERO, b = ZERO;
#pragma clang loop unroll(full)
    for (int i = 0; i < 12; i++) sums[i] = ZERO;
    for (size_t n = 0; n < steps; n++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 12; i++) {
            __asm__ volatile("" : "+v"(a), "+v"(b));
            sums[i] = step(sums[i], a, b);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 12; i++) __asm__ volatile("" : "+v"(sums[i]));
}
