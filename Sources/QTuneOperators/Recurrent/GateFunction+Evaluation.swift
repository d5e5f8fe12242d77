#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension GateFunction {
    /// The function of `x`, which is clamped to plus and minus `clip` first.
    func callAsFunction(_ x: Double, clip: Double?) -> Double {
        let x = clip.map { max(-$0, min($0, x)) } ?? x
        switch self {
        case .sigmoid: return 1 / (1 + exp(-x))
        case .tanh: return hyperbolicTangent(x)
        case .relu: return max(0, x)
        case .softsign: return x / (1 + x.magnitude)
        case .softplus: return log(1 + exp(x))
        case .leakyRelu(let alpha): return x < 0 ? alpha * x : x
        case .thresholdedRelu(let alpha): return x > alpha ? x : 0
        case .elu(let alpha): return x < 0 ? alpha * (exp(x) - 1) : x
        case .affine(let alpha, let beta): return alpha * x + beta
        case .scaledTanh(let alpha, let beta): return alpha * hyperbolicTangent(beta * x)
        case .hardSigmoid(let alpha, let beta): return max(0, min(1, alpha * x + beta))
        }
    }
}

/// The function of the C library, whose name the case of the same name hides.
private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
