import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a learned model does to the scores of a sample last.
enum ScoreTransform: Int, Sendable {
    case none
    case softmax
    case logistic
    /// A softmax that leaves scores of 0 out of the sum.
    case softmaxZero
    case probit

    /// The transform that the attribute `post_transform` names.
    init(_ node: NodeReader) throws {
        switch try node.string("post_transform") ?? "NONE" {
        case "NONE": self = .none
        case "SOFTMAX": self = .softmax
        case "LOGISTIC": self = .logistic
        case "SOFTMAX_ZERO": self = .softmaxZero
        case "PROBIT": self = .probit
        case let other: throw QTuneError(.invalidModel, "attribute 'post_transform' is '\(other)'")
        }
    }

    /// Transforms the scores of one sample.
    func apply<Real: BinaryFloatingPoint>(to scores: inout [Real]) {
        switch self {
        case .none: break
        case .softmax: Self.softmax(&scores) { _ in true }
        case .logistic: for index in scores.indices { scores[index] = Self.logistic(scores[index]) }
        case .softmaxZero: Self.softmax(&scores) { abs($0) > 1e-7 }
        case .probit: for index in scores.indices { scores[index] = Self.probit(scores[index]) }
        }
    }

    /// The scores of two classes of a sample from the only one that there is, which speaks for the second class.
    /// - Parameter isProbability: whether the score is the probability of the class, so that the other's is what is
    ///   left.
    func complete<Real: BinaryFloatingPoint>(_ score: Real, isProbability: Bool) -> [Real] {
        switch self {
        case .logistic: [Self.logistic(-score), Self.logistic(score)]
        case .probit: [Self.probit(1 - score), Self.probit(score)]
        default: [isProbability ? 1 - score : -score, score]
        }
    }

    /// `1 / (1 + exp(-x))`, by the exponential that cannot overflow.
    static func logistic<Real: BinaryFloatingPoint>(_ x: Real) -> Real {
        let positive = 1 / (1 + exp(-abs(Double(x))))
        return Real(x < 0 ? 1 - positive : positive)
    }

    /// The quantile function of the normal distribution by Winitzki's closed formula, as the field computes it.
    static func probit<Real: BinaryFloatingPoint>(_ x: Real) -> Real {
        let y = 2 * Double(x) - 1
        let logarithm = log((1 - y) * (1 + y))
        let v = 2 / (3.14159 * 0.147) + 0.5 * logarithm
        let root = (-v + (v * v - logarithm / 0.147).squareRoot()).squareRoot()
        return Real(2.0.squareRoot() * (y < 0 ? -root : root))
    }

    private static func softmax<Real: BinaryFloatingPoint>(_ scores: inout [Real], counts: (Real) -> Bool) {
        let top = Double(scores.max() ?? 0)
        var sum = 0.0
        let terms = scores.map { score in
            guard counts(score) else { return Double(score) * exp(-top) }
            let term = exp(Double(score) - top)
            sum += term
            return term
        }
        for index in scores.indices { scores[index] = Real(terms[index] / sum) }
    }
}
