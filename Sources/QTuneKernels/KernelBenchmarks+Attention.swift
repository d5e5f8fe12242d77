internal import QTuneTensor

extension KernelBenchmarks {
    /// Attention over sequences of two lengths, 12 heads of 32 elements, as projections leave them.
    static func attentionCases(_ tier: CPUTier) -> [Case] {
        let (heads, size) = (12, 32)
        return [64, 512].map { rows in
            Case(
                "attention \(rows) tokens, \(heads) heads of \(size)", family: FloatKernels.attentionFamily, tier: tier,
                operations: 4 * heads * rows * rows * size, ceiling: .float
            ) {
                func matrices(_ tensor: Tensor) -> FloatAttention.Matrices {
                    FloatAttention.Matrices(
                        tensor, offset: 0, strides: (0, size, heads * size), heads: heads, rows: rows, columns: size)
                }
                let shape: Shape = [rows, heads * size]
                let operands = (0..<3).map { _ in Samples.floats(shape) }.map(matrices)
                let (output, pool) = (matrices(Tensor(zeros: .float32, shape: shape)), ThreadPool(threads: 1))
                return {
                    FloatAttention(batches: 1, queries: operands[0], keys: operands[1], values: operands[2])
                        .run(into: output, pool: pool, tier: tier)
                }
            }
        }
    }
}
