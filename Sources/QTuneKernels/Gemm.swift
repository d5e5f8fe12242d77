internal import COpenBLAS
internal import CQTuneKernels
package import QTuneTensor

/// General float32 matrix products whose operands are both made at run time.
///
/// Products with enough rows to pay for packing B run on the engine's own kernels, which on new processors are up to
/// twice as fast as what OpenBLAS picks there; the others are OpenBLAS's, on the caller's thread.
package enum Gemm {
    /// Rows of the product from which on packing B pays.
    private static let rowsToPack = 8

    /// `c = alpha * a * b + beta * c` with `a` of m x k and `b` of k x n, each dense from its offset on and, where
    /// `transpose` says so, stored the other way round. With `beta` 0 what `c` holds does not count.
    /// - Parameter pool: shares out a large product; nil runs it on the caller alone.
    /// - Precondition: float32 tensors that hold the elements named.
    package static func multiply(
        m: Int, n: Int, k: Int, a: Tensor, aOffset: Int = 0, transposeA: Bool = false, b: Tensor, bOffset: Int = 0,
        transposeB: Bool = false, c: Tensor, cOffset: Int = 0, alpha: Float = 1, beta: Float = 0,
        pool: ThreadPool? = nil, tier: CPUTier? = nil
    ) {
        precondition(a.dtype == .float32 && b.dtype == .float32 && c.dtype == .float32, "not float32")
        precondition(m >= 0 && n >= 0 && k >= 0 && max(m, n, k) <= Int(Int32.max), "sizes out of range")
        precondition(aOffset >= 0 && aOffset + m * k <= a.count, "a is too small")
        precondition(bOffset >= 0 && bOffset + k * n <= b.count, "b is too small")
        precondition(cOffset >= 0 && cOffset + m * n <= c.count, "c is too small")
        guard m > 0, n > 0 else { return }
        let product = Product(
            m: m, n: n, k: k, a: a.unsafeElements(Float.self) + aOffset, transposeA: transposeA,
            b: b.unsafeElements(Float.self) + bOffset, transposeB: transposeB,
            c: c.unsafeElements(Float.self) + cOffset, alpha: alpha, beta: beta)
        if m >= rowsToPack, n >= rowsToPack, k > 0, beta == 0 || beta == 1 {
            product.runPacked(pool: pool ?? serial, tier: tier)
        } else {
            product.runInOpenBLAS()
        }
        extendLifetime((a, b, c))
    }

    private static let serial = ThreadPool(threads: 1)

    /// OpenBLAS runs on the thread that calls it; the engine's own pool shares out the work.
    fileprivate static let singleThreaded: Void = openblas_set_num_threads(1)
}

/// One product, its operands in memory.
private struct Product {
    var m: Int
    var n: Int
    var k: Int
    var a: UnsafePointer<Float>
    var transposeA: Bool
    var b: UnsafePointer<Float>
    var transposeB: Bool
    var c: UnsafeMutablePointer<Float>
    var alpha: Float
    var beta: Float

    func runPacked(pool: ThreadPool, tier: CPUTier?) {
        let columns = PackedColumns(
            matrix: b, transposed: transposeB, depth: k, columns: n, scale: alpha, kernel: FloatKernels.gemm(for: tier),
            tier: tier)
        guard transposeA else { return run(rows: a, columns, pool: pool, tier: tier) }
        let rows = TensorStorage(byteCount: m * k * MemoryLayout<Float>.stride)
        FloatKernels.transpose(for: tier).run(MemoryLayout<Float>.stride, a, m, rows.base, k, k, m)
        run(rows: rows.base.assumingMemoryBound(to: Float.self), columns, pool: pool, tier: tier)
        extendLifetime(rows)
    }

    private func run(rows: UnsafePointer<Float>, _ columns: PackedColumns, pool: ThreadPool, tier: CPUTier?) {
        let product = GatheredProduct(
            columns: columns, rows: m, taps: 1, depth: k, floatsPerRow: k, output: c, outputStride: n,
            residual: beta == 0 ? nil : UnsafePointer(c), activation: .none,
            elementwise: FloatKernels.elementwise(for: tier))
        product.run(pool: pool) { range, pointers in
            for row in range { pointers[row - range.lowerBound] = rows + row * k }
        }
    }

    func runInOpenBLAS() {
        _ = Gemm.singleThreaded
        cblas_sgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            blasint(m), blasint(n), blasint(k), alpha, a, blasint(max(1, transposeA ? m : k)), b,
            blasint(max(1, transposeB ? k : n)), beta, c, blasint(n))
    }
}
