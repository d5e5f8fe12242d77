import QTuneGraph
import QTuneTensor

/// A distribution that tensors are filled from, each element for itself.
private enum RandomDistribution: Sendable {
    case uniform(low: Double, high: Double)
    case normal(mean: Double, deviation: Double)

    static func uniform(_ node: NodeReader) throws -> RandomDistribution {
        .uniform(low: Double(try node.float("low") ?? 0), high: Double(try node.float("high") ?? 1))
    }

    static func normal(_ node: NodeReader) throws -> RandomDistribution {
        .normal(mean: Double(try node.float("mean") ?? 0), deviation: Double(try node.float("scale") ?? 1))
    }

    /// A tensor for the node's first output.
    func make(_ dtype: DType, _ shape: Shape, seed: Float?, _ context: EvaluationContext) throws -> Value {
        try Self.check(dtype)
        let output = try context.makeOutput(0, dtype, shape)
        var numbers = RandomNumbers(seed: seed)
        let limit = limit(dtype)
        output.fill(from: .real) { target in
            target.withMutableSpan(of: Double.self) { target in
                for index in target.indices { target[index] = min(draw(&numbers), limit) }
            }
        }
        return .tensor(output)
    }

    private func draw(_ numbers: inout RandomNumbers) -> Double {
        switch self {
        case .uniform(let low, let high): low + (high - low) * numbers.unit()
        case .normal(let mean, let deviation): mean + deviation * numbers.normal()
        }
    }

    /// The largest number that may be drawn: what lies between it and the end that is left out would be rounded up to
    /// that end.
    private func limit(_ dtype: DType) -> Double {
        guard case .uniform(let low, let high) = self else { return .infinity }
        let limit = Self.largest(below: high, dtype)
        // A range that holds no number of the type is drawn from all the same.
        return limit >= low ? limit : .infinity
    }

    /// The largest number of a type that is less than `high`.
    private static func largest(below high: Double, _ dtype: DType) -> Double {
        func largest<Element: BinaryFloatingPoint>(_: Element.Type) -> Double {
            let rounded = Element(high)
            return Double(Double(rounded) < high ? rounded : rounded.nextDown)
        }
        switch dtype {
        case .float64: return high.nextDown
        case .float32: return largest(Float.self)
        case .float16: return largest(Float16.self)
        default:
            let below = Float(largest(Float.self))
            let dropped: UInt32 = 0xFFFF
            // Dropping bits rounds toward 0, which is up for a negative number.
            let bits = below.sign == .minus ? below.bitPattern &+ dropped : below.bitPattern
            return Double(Float(bitPattern: bits & ~dropped))
        }
    }

    static func check(_ dtype: DType) throws {
        guard [.float32, .float64, .float16, .bfloat16].contains(dtype) else {
            throw QTuneError(
                .invalidModel, "random numbers of type \(dtype)", remedy: "attribute 'dtype' names a float type")
        }
    }
}

/// A tensor of random numbers of a shape that an attribute gives.
private struct RandomTensor: Sendable {
    let distribution: RandomDistribution
    let shape: Shape
    let dtype: DType
    let seed: Float?

    init(_ node: NodeReader, _ distribution: RandomDistribution) throws {
        try node.expect(inputs: 0...0)
        self.distribution = distribution
        shape = try checkedShape(node.required("shape", node.ints("shape")), operand: "attribute 'shape'")
        dtype = try node.int("dtype").map { try elementType($0, "dtype") } ?? .float32
        seed = try node.float("seed")
        try RandomDistribution.check(dtype)
    }

    func infer() -> [InferredValue] { [InferredValue(type: .tensor(dtype, shape))] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        [try distribution.make(dtype, shape, seed: seed, context)]
    }
}

/// A tensor of random numbers of the operand's shape and, unless an attribute says otherwise, type.
private struct RandomTensorLike: Sendable {
    let distribution: RandomDistribution
    let dtype: DType?
    let seed: Float?

    init(_ node: NodeReader, _ distribution: RandomDistribution) throws {
        try node.expect(inputs: 1...1)
        self.distribution = distribution
        dtype = try node.int("dtype").map { try elementType($0, "dtype") }
        seed = try node.float("seed")
        if let dtype { try RandomDistribution.check(dtype) }
    }

    func infer(_ context: InferenceContext) -> [InferredValue] {
        [.tensor(dtype ?? context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        return [try distribution.make(dtype ?? input.dtype, input.shape, seed: seed, context)]
    }
}

/// Numbers from `low` up to `high`, equally likely.
struct RandomUniform: Operator {
    static let name = "RandomUniform"
    static let versions = [1, 22]
    private let tensor: RandomTensor
    init(_ node: NodeReader) throws { tensor = try RandomTensor(node, .uniform(node)) }
    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { tensor.infer() }
    func evaluate(_ context: EvaluationContext) throws -> [Value] { try tensor.evaluate(context) }
    var isDeterministic: Bool { false }
}

/// Numbers from `low` up to `high`, equally likely, as many as the operand has.
struct RandomUniformLike: Operator {
    static let name = "RandomUniformLike"
    static let versions = [1, 22]
    private let tensor: RandomTensorLike
    init(_ node: NodeReader) throws { tensor = try RandomTensorLike(node, .uniform(node)) }
    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { tensor.infer(context) }
    func evaluate(_ context: EvaluationContext) throws -> [Value] { try tensor.evaluate(context) }
    var isDeterministic: Bool { false }
}

/// Numbers of the normal distribution with `mean` and the standard deviation `scale`.
struct RandomNormal: Operator {
    static let name = "RandomNormal"
    static let versions = [1, 22]
    private let tensor: RandomTensor
    init(_ node: NodeReader) throws { tensor = try RandomTensor(node, .normal(node)) }
    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { tensor.infer() }
    func evaluate(_ context: EvaluationContext) throws -> [Value] { try tensor.evaluate(context) }
    var isDeterministic: Bool { false }
}

/// Numbers of the normal distribution with `mean` and the standard deviation `scale`, as many as the operand has.
struct RandomNormalLike: Operator {
    static let name = "RandomNormalLike"
    static let versions = [1, 22]
    private let tensor: RandomTensorLike
    init(_ node: NodeReader) throws { tensor = try RandomTensorLike(node, .normal(node)) }
    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { tensor.infer(context) }
    func evaluate(_ context: EvaluationContext) throws -> [Value] { try tensor.evaluate(context) }
    var isDeterministic: Bool { false }
}
