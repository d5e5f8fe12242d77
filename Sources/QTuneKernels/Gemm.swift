internal import CQTuneKernels
package import QTuneTensor

/// General float32 matrix products whose operands are both made at run time: the right-hand one is packed for the
/// engine's kernels each time.
package enum Gemm {
    /// `c = alpha * a * b + beta * c` with `a` of m x k and `b` of k x n, from their offsets on and, where `transpose`
    /// says so, stored the other way round. With `beta` 0 what `c` holds does not count.
    /// - Parameters:
    ///   - aStride: floats between rows as they are stored; nil where the rows follow one another. So for `b` and `c`.
    ///   - pool: shares out a large product; nil runs it on the caller alone.
    /// - Precondition: float32 tensors that hold the elements named.
    package static func multiply(
        m: Int, n: Int, k: Int, a: Tensor, aOffset: Int = 0, aStride: Int? = nil, transposeA: Bool = false,
        b: Tensor, bOffset: Int = 0, bStride: Int? = nil, transposeB: Bool = false, c: Tensor, cOffset: Int = 0,
        cStride: Int? = nil, alpha: Float = 1, beta: Float = 0, pool: ThreadPool? = nil, tier: CPUTier? = nil
    ) {
        precondition(a.dtype == .float32 && b.dtype == .float32 && c.dtype == .float32, "not float32")
        precondition(m >= 0 && n >= 0 && k >= 0 && max(m, n, k) <= Int(Int32.max), "sizes out of range")
        let aRows = StoredRows(transposeA ? k : m, of: transposeA ? m : k, stride: aStride)
        let bRows = StoredRows(transposeB ? n : k, of: transposeB ? k : n, stride: bStride)
        let cRows = StoredRows(m, of: n, stride: cStride)
        precondition(aRows.fit(a, from: aOffset), "a is too small")
        precondition(bRows.fit(b, from: bOffset), "b is too small")
        precondition(cRows.fit(c, from: cOffset), "c is too small")
        guard m > 0, n > 0 else { return }
        let product = Product(
            m: m, n: n, k: k, a: a.unsafeElements(Float.self) + aOffset, aStride: aRows.stride, transposeA: transposeA,
            b: b.unsafeElements(Float.self) + bOffset, bStride: bRows.stride, transposeB: transposeB,
            c: c.unsafeElements(Float.self) + cOffset, cStride: cRows.stride, alpha: alpha, beta: beta)
        product.run(pool: pool ?? serial, tier: tier)
        extendLifetime((a, b, c))
    }

    private static let serial = ThreadPool(threads: 1)
}

/// The rows of an operand as they are stored.
private struct StoredRows {
    let count: Int
    let length: Int
    let stride: Int

    init(_ count: Int, of length: Int, stride: Int?) {
        self.count = count
        self.length = length
        self.stride = stride ?? length
        precondition(self.stride >= length && self.stride <= Int(Int32.max), "rows overlap or are too far apart")
    }

    func fit(_ tensor: Tensor, from offset: Int) -> Bool {
        offset >= 0 && (count == 0 || length == 0 || offset + (count - 1) * stride + length <= tensor.count)
    }
}

/// One product, its operands in memory.
private struct Product {
    var m: Int
    var n: Int
    var k: Int
    var a: UnsafePointer<Float>
    var aStride: Int
    var transposeA: Bool
    var b: UnsafePointer<Float>
    var bStride: Int
    var transposeB: Bool
    var c: UnsafeMutablePointer<Float>
    var cStride: Int
    var alpha: Float
    var beta: Float

    /// Columns below which a transposed `a` is not put in order but packed, as the right-hand side of the product the
    /// other way round: packing reads it in the order in which it lies.
    private static let fewColumns = 8

    func run(pool: ThreadPool, tier: CPUTier?) {
        if transposeA, n < Self.fewColumns, n < m { return runSwapped(pool: pool, tier: tier) }
        guard beta == 0 || beta == 1 else {
            var scaled = self
            scaled.scaleResult(tier: tier)
            scaled.beta = 1
            return scaled.runPacked(pool: pool, tier: tier)
        }
        runPacked(pool: pool, tier: tier)
    }

    private func scaleResult(tier: CPUTier?) {
        let elements = FloatKernels.elementwise(for: tier)
        for row in 0..<m { elements.unary(QT_UNARY_AFFINE, c + row * cStride, c + row * cStride, n, beta, 0) }
    }

    /// Computes the transpose of the product.
    private func runSwapped(pool: ThreadPool, tier: CPUTier?) {
        ScratchMemory.withFloats(n * m) { transposed in
            let swapped = Product(
                m: n, n: m, k: k, a: b, aStride: bStride, transposeA: !transposeB, b: a, bStride: aStride,
                transposeB: false, c: transposed, cStride: m, alpha: alpha, beta: 0)
            swapped.runPacked(pool: pool, tier: tier)
            for row in 0..<m {
                for column in 0..<n {
                    let (place, sum) = (row * cStride + column, transposed[column * m + row])
                    c[place] = beta == 0 ? sum : c[place] * beta + sum
                }
            }
        }
    }

    private func runPacked(pool: ThreadPool, tier: CPUTier?) {
        let columns = PackedColumns(
            matrix: b, stride: bStride, transposed: transposeB, depth: k, columns: n, scale: alpha,
            kernel: FloatKernels.gemm(for: tier), tier: tier)
        guard transposeA else { return run(rows: a, stride: aStride, columns, pool: pool, tier: tier) }
        let rows = TensorStorage(byteCount: m * k * MemoryLayout<Float>.stride)
        FloatKernels.transpose(for: tier).run(MemoryLayout<Float>.stride, a, aStride, rows.base, k, k, m)
        run(rows: rows.base.assumingMemoryBound(to: Float.self), stride: k, columns, pool: pool, tier: tier)
        extendLifetime(rows)
    }

    private func run(
        rows: UnsafePointer<Float>, stride: Int, _ columns: PackedColumns, pool: ThreadPool, tier: CPUTier?
    ) {
        let product = GatheredProduct(
            columns: columns, rows: m, taps: 1, depth: k, floatsPerRow: k, output: c, outputStride: cStride,
            residual: beta == 0 ? nil : UnsafePointer(c), activation: .none,
            elementwise: FloatKernels.elementwise(for: tier))
        product.run(pool: pool) { range, pointers in
            for row in range { pointers[row - range.lowerBound] = rows + row * stride }
        }
    }
}
