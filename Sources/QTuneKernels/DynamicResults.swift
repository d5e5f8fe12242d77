internal import CQTuneKernels
package import QTuneTensor

/// The three results of a DynamicQuantizeLinear: integers, scale and zero point.
package struct DynamicResults: Sendable {
    let integers: Tensor
    let scale: Tensor
    let zeroPoint: Tensor

    /// nil where one of them is missing or of another type.
    package init?(integers: Tensor?, scale: Tensor?, zeroPoint: Tensor?) {
        guard let integers, let scale, let zeroPoint, integers.dtype == .uint8, scale.dtype == .float32,
            scale.count == 1, zeroPoint.dtype == .uint8, zeroPoint.count == 1
        else { return nil }
        (self.integers, self.scale, self.zeroPoint) = (integers, scale, zeroPoint)
    }
}

/// The same as addresses, which it does not keep.
struct DynamicAddresses: @unchecked Sendable {
    let count: Int
    private let integers: UnsafeMutablePointer<UInt8>
    private let scale: UnsafeMutablePointer<Float>
    private let zeroPoint: UnsafeMutablePointer<UInt8>
    private let kernel = IntegerKernels.elementwise(for: nil)

    init(_ results: DynamicResults) {
        count = results.integers.count
        integers = results.integers.unsafeElements(UInt8.self)
        scale = results.scale.unsafeElements(Float.self)
        zeroPoint = results.zeroPoint.unsafeElements(UInt8.self)
    }

    /// Quantizes `count` numbers of `range`.
    func write(_ values: UnsafePointer<Float>, of range: RealRange, pool: ThreadPool) {
        let parameters = range.quantization
        (scale.pointee, zeroPoint.pointee) = (parameters.scale, parameters.zeroPoint)
        let target = IntegerElementwise.target(.uint8, zeroPoint: Int32(parameters.zeroPoint), clamp: nil)
        nonisolated(unsafe) let values = values
        IntegerElementwise.split(count, work: count, pool: pool) { part in
            kernel.pointee.quantize(
                values + part.lowerBound, part.count, parameters.scale, target, Int32(QT_U8.rawValue),
                integers + part.lowerBound)
        }
    }
}

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
    }
}
