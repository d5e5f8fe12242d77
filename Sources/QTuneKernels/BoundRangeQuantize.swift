package import QTuneTensor

/// Quantizes values whose range lies beside them, again and again.
package final class BoundRangeQuantize: BoundCall, @unchecked Sendable {
    private let values: UnsafePointer<Float>
    private let ends: UnsafePointer<Float>
    private let results: DynamicAddresses
    private let pool: ThreadPool
    /// Keep the memory.
    private let kept: (Tensor, Tensor, DynamicResults)

    /// - Parameters:
    ///   - values: float32, as many as `results` has.
    ///   - ends: the two ends of their range.
    package init(_ values: Tensor, ends: Tensor, into results: DynamicResults, pool: ThreadPool) {
        precondition(values.dtype == .float32 && values.count == results.integers.count, "the values do not fit")
        precondition(ends.dtype == .float32 && ends.count == 2, "a range of \(ends.dtype)\(ends.shape)")
        self.values = UnsafePointer(values.unsafeElements(Float.self))
        self.ends = UnsafePointer(ends.unsafeElements(Float.self))
        self.results = DynamicAddresses(results)
        (self.pool, kept) = (pool, (values, ends, results))
    }

    package func run() {
        results.write(values, of: RealRange(lower: ends[0], upper: ends[1]), pool: pool)
        extendLifetime(self)
    }
}
