internal import COpenBLAS
package import QTuneTensor

/// General float32 matrix products whose operands are both made at run time, by OpenBLAS on the caller's thread.
package enum Gemm {
    /// `c = alpha * a * b + beta * c` with `a` of m x k and `b` of k x n, each dense from its offset on and, where
    /// `transpose` says so, stored the other way round.
    /// - Precondition: float32 tensors that hold the elements named.
    package static func multiply(
        m: Int, n: Int, k: Int, a: Tensor, aOffset: Int = 0, transposeA: Bool = false, b: Tensor, bOffset: Int = 0,
        transposeB: Bool = false, c: Tensor, cOffset: Int = 0, alpha: Float = 1, beta: Float = 0
    ) {
        precondition(a.dtype == .float32 && b.dtype == .float32 && c.dtype == .float32, "not float32")
        precondition(m >= 0 && n >= 0 && k >= 0 && max(m, n, k) <= Int(Int32.max), "sizes out of range")
        precondition(aOffset >= 0 && aOffset + m * k <= a.count, "a is too small")
        precondition(bOffset >= 0 && bOffset + k * n <= b.count, "b is too small")
        precondition(cOffset >= 0 && cOffset + m * n <= c.count, "c is too small")
        guard m > 0, n > 0 else { return }
        _ = single
        cblas_sgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            blasint(m), blasint(n), blasint(k), alpha, a.unsafeElements(Float.self) + aOffset,
            blasint(max(1, transposeA ? m : k)), b.unsafeElements(Float.self) + bOffset,
            blasint(max(1, transposeB ? k : n)), beta, c.unsafeElements(Float.self) + cOffset, blasint(n))
        extendLifetime((a, b, c))
    }

    /// OpenBLAS runs on the thread that calls it; the engine's own pool shares out the work.
    private static let single: Void = openblas_set_num_threads(1)
}
