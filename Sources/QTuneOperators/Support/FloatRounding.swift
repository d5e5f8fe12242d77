import QTuneTensor

/// Rounding of what is computed in a wider float type to a narrower one, step by step, as arithmetic in the narrower
/// type would give it.
enum FloatRounding: Sendable {
    /// The results stay as they are.
    case none
    case float32
    case float16
    case bfloat16

    /// The rounding to `dtype`; nil for types that are not rounded to.
    init?(_ dtype: DType) {
        switch dtype {
        case .float64: self = .none
        case .float32: self = .float32
        case .float16: self = .float16
        case .bfloat16: self = .bfloat16
        default: return nil
        }
    }
}

/// Float types that steps are computed in.
protocol SteppedFloat: MultiplyAccumulate, BinaryFloatingPoint {
    /// The nearest value of the type that `rounding` names, ties to even.
    func rounded(by rounding: FloatRounding) -> Self
    /// e to the power of this number.
    var exponential: Self { get }
    var hyperbolicTangent: Self { get }
    /// The elements of a tensor of any float or integer type; the tensor itself where it is of this type.
    static func elements(of tensor: Tensor) -> Tensor
    /// Writes a tensor of this type, rounded, to one of another float type of as many elements.
    static func narrow(_ tensor: Tensor, into output: Tensor)
}

extension Float: SteppedFloat {
    @inline(__always)
    func rounded(by rounding: FloatRounding) -> Float {
        switch rounding {
        case .none, .float32: self
        case .float16: roundedToFloat16
        case .bfloat16: BFloat16(self).float
        }
    }

    /// The nearest float16. Integer arithmetic, since processors without conversions of their own take a call for each.
    @inline(__always)
    private var roundedToFloat16: Float {
        let bits = bitPattern
        let sign = bits & 0x8000_0000
        // Below the normal numbers the step is 2^-24, which is that of float32 between 1/2 and 1.
        let fine = Float(bitPattern: ((magnitude + 0.75) - 0.75).bitPattern | sign)
        let coarse = Float(bitPattern: (bits &+ 0xFFF &+ ((bits >> 13) & 1)) & ~0x1FFF)
        if isNaN { return self }
        if magnitude < 0x1p-14 { return fine }
        return coarse.magnitude > 65504 ? Float(bitPattern: Float.infinity.bitPattern | sign) : coarse
    }

    static func elements(of tensor: Tensor) -> Tensor {
        let tensor = tensor.widened()
        guard tensor.dtype != .float32 else { return tensor }
        let result = Tensor(uninitialized: .float32, shape: tensor.shape)
        ElementConversion.narrow(tensor.widened(to: .real), lane: .real, into: result, saturating: false)
        return result
    }

    static func narrow(_ tensor: Tensor, into output: Tensor) {
        guard output.dtype == .float64 else { return tensor.narrow(into: output) }
        ElementConversion.widen(tensor, into: output, lane: .real)
    }
}

extension Double: SteppedFloat {
    @inline(__always)
    func rounded(by rounding: FloatRounding) -> Double {
        switch rounding {
        case .none: self
        case .float32: Double(Float(self))
        case .float16: Double(Float16(self))
        case .bfloat16: Double(BFloat16(Float(self)).float)
        }
    }

    static func elements(of tensor: Tensor) -> Tensor { tensor.widened(to: .real) }

    static func narrow(_ tensor: Tensor, into output: Tensor) {
        ElementConversion.narrow(tensor, lane: .real, into: output, saturating: false)
    }
}

extension FloatRounding {
    /// Whether elements of that type change when they are rounded.
    func changes<Element: SteppedFloat>(_: Element.Type) -> Bool {
        switch self {
        case .none: false
        case .float32: Element.dtype == .float64
        case .float16, .bfloat16: true
        }
    }
}

extension Tensor {
    /// The elements times `factor`, rounded; the tensor itself where that changes nothing.
    func rounded<Element: SteppedFloat>(
        _: Element.Type, times factor: Element = 1, by rounding: FloatRounding
    ) -> Tensor {
        guard factor != 1 || rounding.changes(Element.self) else { return self }
        let result = Tensor(uninitialized: Element.dtype, shape: shape)
        ElementConversion.map(self, result) { (x: Element) in (x * factor).rounded(by: rounding) }
        return result
    }
}
