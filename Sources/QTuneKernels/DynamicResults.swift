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

/// The addresses of those results, for a bound call, which keeps the memory.
struct DynamicAddresses {
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
        IntegerElementwise.quantize(
            values, count: count, scale: parameters.scale, zeroPoint: Int32(parameters.zeroPoint), to: .uint8,
            at: integers, pool: pool, kernel: kernel)
    }
}
