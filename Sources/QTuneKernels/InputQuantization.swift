package import QTuneTensor

/// Where the zero point and the scale of an input come from.
package enum InputQuantization: Sendable {
    /// The kernel was made for them.
    case known
    /// The input is quantized while the network runs: they lie in tensors. A zero point left out is 0.
    case placed(zeroPoint: Tensor?, scale: Tensor)

    /// - Returns: nil where they are not one integer of 8 bits and one float32.
    package init?(zeroPoint: Tensor?, scale: Tensor) {
        guard scale.dtype == .float32, scale.count == 1,
            zeroPoint.map({ $0.count == 1 && ($0.dtype == .uint8 || $0.dtype == .int8) }) ?? true
        else { return nil }
        self = .placed(zeroPoint: zeroPoint, scale: scale)
    }
}

/// The addresses of those numbers, for a `BoundIntegerKernel`, which keeps the memory.
struct InputAddresses {
    private let zeroPoint: UnsafeRawPointer?
    private let isSigned: Bool
    private let scale: UnsafePointer<Float>

    /// nil where the kernel was made for the numbers.
    init?(_ input: InputQuantization) {
        guard case .placed(let zeroPoint, let scale) = input else { return nil }
        self.zeroPoint = zeroPoint.map { UnsafeRawPointer($0.address) }
        isSigned = zeroPoint?.dtype == .int8
        self.scale = UnsafePointer(scale.unsafeElements(Float.self))
    }

    /// What they are at the moment.
    var current: (zeroPoint: Int32, scale: Float?) {
        guard let zeroPoint else { return (0, scale.pointee) }
        let point = isSigned ? Int32(zeroPoint.load(as: Int8.self)) : Int32(zeroPoint.load(as: UInt8.self))
        return (point, scale.pointee)
    }
}
