internal import CQTuneKernels
package import QTuneTensor

/// Softmax and its logarithm of float32 runs: `length` elements each, `inner` apart, so that the tensor is made of
/// blocks of `length * inner` elements.
package enum Softmax {
    /// Writes `exp(x - max(x)) / sum` of each run into `output`, which may share the bytes of `x`.
    package static func runs(
        _ x: Tensor, length: Int, inner: Int = 1, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        run(x, length, inner, into: output, pool, tier, row: { $0.softmax($1, $2, length) }) { columns in
            columns.subtractLargest()
            columns.exponentiate()
            columns.combine(QT_BINARY_DIV, with: QT_REDUCE_SUM)
        }
    }

    /// The softmax of each row of the last axis.
    package static func lastAxis(_ x: Tensor, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil) {
        runs(x, length: x.shape.dimensions.last ?? 1, into: output, pool: pool, tier: tier)
    }

    /// Writes `x - max(x) - log(sum(exp(x - max(x))))` of each run into `output`, which shares no bytes with `x`.
    package static func logarithmRuns(
        _ x: Tensor, length: Int, inner: Int = 1, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        run(x, length, inner, into: output, pool, tier, row: { $0.log_softmax($1, $2, length) }) { columns in
            columns.subtractLargest()
            columns.combine(QT_BINARY_SUB, with: QT_REDUCE_LOG_SUM_EXP)
        }
    }

    /// `row` does runs whose elements are neighbours, `body` strips of the others.
    private static func run(
        _ x: Tensor, _ length: Int, _ inner: Int, into output: Tensor, _ pool: ThreadPool, _ tier: CPUTier?,
        row: (qt_f32_reduction_row, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void,
        _ body: (RunColumns) -> Void
    ) {
        precondition(x.dtype == .float32 && output.dtype == .float32 && x.count == output.count, "unlike tensors")
        if inner > 1 { return forEachBlock(x, length, inner, into: output, pool, tier, body) }
        let kernel = FloatKernels.reduction(for: tier)
        forEachRow(x, length, into: output, pool) { row(kernel, $0, $1) }
    }

    private static func forEachRow(
        _ x: Tensor, _ length: Int, into output: Tensor, _ pool: ThreadPool,
        _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        guard x.count > 0 else { return }
        let (source, target) = (x.unsafeElements(Float.self), output.unsafeElements(Float.self))
        pool.run(over: x.count / length, grain: max(1, 4096 / length)) { range in
            for row in range { body(source + row * length, target + row * length) }
        }
        extendLifetime((x, output))
    }

    /// Calls `body` with strips of neighbouring runs, narrow enough for the first cache.
    private static func forEachBlock(
        _ x: Tensor, _ length: Int, _ inner: Int, into output: Tensor, _ pool: ThreadPool, _ tier: CPUTier?,
        _ body: (RunColumns) -> Void
    ) {
        guard x.count > 0 else { return }
        let (reduction, elements) = (FloatKernels.reduction(for: tier), FloatKernels.elementwise(for: tier))
        let (source, target) = (x.unsafeElements(Float.self), output.unsafeElements(Float.self))
        let width = min(inner, max(64, 8192 / length / 16 * 16))
        let strips = (inner + width - 1) / width
        pool.run(over: x.count / (length * inner) * strips, grain: max(1, 4096 / (length * width))) { range in
            ScratchMemory.withFloats(width) { results in
                for item in range {
                    let first = item % strips * width
                    let start = item / strips * length * inner + first
                    body(
                        RunColumns(
                            source: source + start, target: target + start, length: length, stride: inner,
                            count: min(width, inner - first), results: results, reduction: reduction,
                            elements: elements))
                }
            }
        }
        extendLifetime((x, output))
    }
}

/// Neighbouring runs side by side: row `r` holds element `r` of each.
private struct RunColumns {
    let source: UnsafePointer<Float>
    let target: UnsafeMutablePointer<Float>
    let length: Int
    let stride: Int
    let count: Int
    /// A number for each run.
    let results: UnsafeMutablePointer<Float>
    let reduction: qt_f32_reduction_row
    let elements: qt_f32_elementwise_row

    /// Writes what the largest of each run leaves of the source.
    func subtractLargest() {
        reduce(QT_REDUCE_MAX, of: source)
        for row in 0..<length {
            elements.binary(
                QT_BINARY_SUB, QT_BOTH_ARRAYS, source + row * stride, results, target + row * stride, count)
        }
    }

    func exponentiate() {
        for row in 0..<length {
            elements.unary(QT_UNARY_EXP, target + row * stride, target + row * stride, count, 0, 0)
        }
    }

    /// Combines each element with what `function` makes of its run.
    func combine(_ function: qt_binary, with reduced: qt_reduction) {
        reduce(reduced, of: target)
        for row in 0..<length {
            elements.binary(function, QT_BOTH_ARRAYS, target + row * stride, results, target + row * stride, count)
        }
    }

    private func reduce(_ function: qt_reduction, of elements: UnsafePointer<Float>) {
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: length) { rows in
            for row in 0..<length { rows[row] = elements + row * stride }
            reduction.across(function, rows.baseAddress, length, results, count)
        }
    }
}
