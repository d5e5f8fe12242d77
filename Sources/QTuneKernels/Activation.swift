/// What a float32 kernel does to each result last.
package enum Activation: Hashable, Sendable {
    case none
    /// `min(max(x, lower), upper)`; NaN stays NaN.
    case clamp(lower: Float, upper: Float)
    /// `x` where it is not negative, `slope * x` elsewhere.
    case leakyReLU(slope: Float)
    case sigmoid
    case tanh
    /// `x * sigmoid(x)`
    case silu
    /// `x * min(max(x / 6 + 0.5, 0), 1)`
    case hardSwish
    /// `0.5 * x * (1 + erf(x / sqrt(2)))`
    case gelu
    /// The usual approximation of the same with tanh.
    case geluTanh

    /// `max(x, 0)`
    package static let relu = Activation.clamp(lower: 0, upper: .infinity)

    /// The ends of a clamp that kernels apply to their results; infinite where there is none.
    var clampBounds: (lower: Float, upper: Float) {
        if case .clamp(let lower, let upper) = self { (lower, upper) } else { (-.infinity, .infinity) }
    }

    /// The same as a function of elements; nil for none.
    package var function: Elementwise.Unary? {
        if case .clamp(let lower, let upper) = self { .clip(lower: lower, upper: upper) } else { unary }
    }

    /// The element-wise function that runs over results already written; nil where the clamp did all.
    var unary: Elementwise.Unary? {
        switch self {
        case .none, .clamp: nil
        case .leakyReLU(let slope): .leakyReLU(slope: slope)
        case .sigmoid: .sigmoid
        case .tanh: .tanh
        case .silu: .silu
        case .hardSwish: .hardSwish
        case .gelu: .gelu
        case .geluTanh: .geluTanh
        }
    }
}
