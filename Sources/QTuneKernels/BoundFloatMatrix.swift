package import QTuneTensor

/// A float32 product of rows that lie in the same memory each time.
package final class BoundFloatMatrix: BoundCall, @unchecked Sendable {
    private let product: GatheredProduct
    private let source: UnsafePointer<Float>
    private let pool: ThreadPool
    /// Keep the memory.
    private let kept: (FloatMatrix, a: Tensor, residual: Tensor?, output: Tensor)

    /// The operands are those of `FloatMatrix.run`.
    package init(_ matrix: FloatMatrix, _ a: Tensor, residual: Tensor?, into output: Tensor, pool: ThreadPool) {
        product = matrix.product(a, residual: residual, into: output)
        source = UnsafePointer(a.unsafeElements(Float.self))
        (self.pool, kept) = (pool, (matrix, a, residual, output))
    }

    package func run() {
        let (source, depth) = (source, product.depth)
        product.run(pool: pool) { range, pointers in
            for row in range { pointers[row - range.lowerBound] = source + row * depth }
        }
        extendLifetime(self)
    }
}
