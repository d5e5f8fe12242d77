import QTuneKernels
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

struct Relu: PlainUnaryOperator {
    static let name = "Relu"
    static let versions = [6, 13, 14]
    let function = UnaryFunction({ $0 < 0 ? 0 : $0 }, signed: { max($0, 0) }, unsigned: { $0 }, kernel: .relu)
}

struct Sigmoid: PlainUnaryOperator {
    static let name = "Sigmoid"
    static let versions = [6, 13]
    let function = UnaryFunction(kernel: .sigmoid) { logistic($0) }
}

struct Softplus: PlainUnaryOperator {
    static let name = "Softplus"
    static let versions = [1, 22]
    let function = UnaryFunction(kernel: .softplus) { softplus($0) }
}

struct Softsign: PlainUnaryOperator {
    static let name = "Softsign"
    static let versions = [1, 22]
    let function = UnaryFunction(kernel: .softsign) { $0 / (1 + abs($0)) }
}

struct Mish: PlainUnaryOperator {
    static let name = "Mish"
    static let versions = [18, 22]
    let function = UnaryFunction(kernel: .mish) { $0 * tanh(softplus($0)) }
}

struct HardSwish: PlainUnaryOperator {
    static let name = "HardSwish"
    static let versions = [14, 22]
    let function = UnaryFunction(kernel: .hardSwish) { $0 * max(0, min(1, $0 / 6 + 0.5)) }
}

struct LeakyRelu: UnaryOperator {
    static let name = "LeakyRelu"
    static let versions = [6, 16]
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let alpha = Double(try node.float("alpha") ?? 0.01)
        function = UnaryFunction(kernel: .leakyReLU(slope: Float(alpha))) { $0 < 0 ? alpha * $0 : $0 }
    }
}

struct ThresholdedRelu: UnaryOperator {
    static let name = "ThresholdedRelu"
    static let versions = [10, 22]
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let alpha = Double(try node.float("alpha") ?? 1)
        function = UnaryFunction(kernel: .threshold(alpha: Float(alpha))) { $0 <= alpha ? 0 : $0 }
    }
}

struct Elu: UnaryOperator {
    static let name = "Elu"
    static let versions = [6, 22]
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let alpha = Double(try node.float("alpha") ?? 1)
        function = UnaryFunction(kernel: .elu(alpha: Float(alpha))) { $0 < 0 ? alpha * expm1($0) : $0 }
    }
}

struct Selu: UnaryOperator {
    static let name = "Selu"
    static let versions = [6, 22]
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let alpha = Double(try node.float("alpha") ?? 1.67326319217681884765625)
        let gamma = Double(try node.float("gamma") ?? 1.05070102214813232421875)
        function = UnaryFunction(kernel: .selu(alpha: Float(alpha), gamma: Float(gamma))) {
            $0 > 0 ? gamma * $0 : gamma * alpha * expm1($0)
        }
    }
}

struct Celu: UnaryOperator {
    static let name = "Celu"
    static let versions = [12]
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let alpha = Double(try node.float("alpha") ?? 1)
        function = UnaryFunction(kernel: .celu(alpha: Float(alpha))) { max(0, $0) + min(0, alpha * expm1($0 / alpha)) }
    }
}

struct HardSigmoid: UnaryOperator {
    static let name = "HardSigmoid"
    static let versions = [6, 22]
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let alpha = Double(try node.float("alpha") ?? 0.2)
        let beta = Double(try node.float("beta") ?? 0.5)
        function = UnaryFunction(kernel: .hardSigmoid(alpha: Float(alpha), beta: Float(beta))) {
            max(0, min(1, alpha * $0 + beta))
        }
    }
}

struct Gelu: UnaryOperator {
    static let name = "Gelu"
    static let versions = [20]
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        switch try node.string("approximate") ?? "none" {
        case "none": function = UnaryFunction(kernel: .gelu) { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
        case "tanh":
            let scale = (2 / Double.pi).squareRoot()
            function = UnaryFunction(kernel: .geluTanh) {
                0.5 * $0 * (1 + tanh(scale * ($0 + 0.044715 * $0 * $0 * $0)))
            }
        case let other: throw QTuneError(.invalidModel, "attribute 'approximate' is '\(other)', not none or tanh")
        }
    }
}

struct Swish: UnaryOperator {
    static let name = "Swish"
    static let versions = [24]
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let alpha = Double(try node.float("alpha") ?? 1)
        function = UnaryFunction({ $0 * logistic(alpha * $0) }, kernel: alpha == 1 ? .silu : nil)
    }
}

struct Shrink: UnaryOperator {
    static let name = "Shrink"
    static let versions = [9]
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let bias = Double(try node.float("bias") ?? 0)
        let lambda = Double(try node.float("lambd") ?? 0.5)
        let shrink: @Sendable (Double) -> Double = { $0 < -lambda ? $0 + bias : $0 > lambda ? $0 - bias : 0 }
        function = UnaryFunction(shrink, signed: { Int64(saturating: shrink(Double($0))) })
    }
}

extension Int64 {
    /// The integer part of `x`, clamped; 0 for NaN.
    init(saturating x: Double) {
        if x.isNaN { self = 0 } else if x >= 0x1p63 { self = .max } else { self = x > -0x1p63 ? Int64(x) : .min }
    }
}

/// `1 / (1 + exp(-x))`.
private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// `log(1 + exp(x))` without overflow.
private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
