import QTuneGraph
import QTuneKernels
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `0.5 * x * (1 + erf(x / sqrt(2)))`.
struct ContributedGelu: UnaryOperator {
    static let name = "Gelu"
    static let domain = "com.microsoft"
    static let versions = [1]
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        function = try Gelu.inner([:]).function
    }
}

/// The same function by its approximation with tanh, of the sum with a bias where there is one.
struct FastGelu: BiasedActivation {
    static let name = "FastGelu"
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...2)
        function = try Gelu.inner(["approximate": .string("tanh")]).function
    }
}

/// The function with erf of the sum with a bias.
struct BiasGelu: BiasedActivation {
    static let name = "BiasGelu"
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        function = try Gelu.inner([:]).function
    }
}

/// `x / (1 + exp(-alpha * x))`.
struct QuickGelu: UnaryOperator {
    static let name = "QuickGelu"
    static let domain = "com.microsoft"
    static let versions = [1]
    let function: UnaryFunction
    private let alpha: Float

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let alpha = try node.float("alpha") ?? 1.702
        self.alpha = alpha
        function = UnaryFunction({ $0 / (1 + exp(-Double(alpha) * $0)) })
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let output = try context.makeOutput(0, input.dtype, input.shape)
        if input.dtype == .float32 {
            let gate = Tensor(uninitialized: .float32, shape: input.shape)
            Elementwise.unary(.affine(scale: alpha, offset: 0), input, into: gate, pool: context.pool)
            Elementwise.unary(.sigmoid, gate, into: gate, pool: context.pool)
            Elementwise.binary(.mul, input, gate, into: output, pool: context.pool)
        } else {
            try function.apply(to: input, into: output, pool: context.pool)
        }
        return [.tensor(output)]
    }
}

/// A function of each element of the sum of a tensor and a bias along its last axis.
protocol BiasedActivation: Operator {
    var function: UnaryFunction { get }
}

extension BiasedActivation {
    static var domain: String { "com.microsoft" }
    static var versions: [Int] { [1] }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let bias = try context.optionalTensor(1)
        if let bias, bias.shape.rank != 1 || bias.shape[0] != input.shape.dimensions.last {
            throw QTuneError(.invalidInput, "a bias of \(bias.shape) for \(input.shape)")
        }
        guard bias != nil else {
            let output = try context.makeOutput(0, input.dtype, input.shape)
            try function.apply(to: input, into: output, pool: context.pool)
            return [.tensor(output)]
        }
        let sums = try Add.inner([:], inputs: ["a", "b"]).evaluate(context)
        guard let sum = sums.first?.tensor else { return sums }
        try function.apply(to: sum, into: sum, pool: context.pool)
        return sums
    }
}
