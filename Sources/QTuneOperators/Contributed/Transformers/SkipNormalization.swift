import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Layer normalization of the sum of an input, of what skipped the layers before and of a bias. Gives the statistics
/// and the sum on request.
struct SkipLayerNormalization: Operator {
    static let name = "SkipLayerNormalization"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let normalization: SkipNormalization

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...5, outputs: 1...4)
        normalization = SkipNormalization(
            epsilon: try node.float("epsilon") ?? 1e-12, centers: true, shiftOperand: 3, biasOperand: 4)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { normalization.infer(context) }

    func evaluate(_ context: EvaluationContext) throws -> [Value] { try normalization.evaluate(context) }
}

/// The same by the root of the mean square, without a shift.
struct SkipSimplifiedLayerNormalization: Operator {
    static let name = "SkipSimplifiedLayerNormalization"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let normalization: SkipNormalization

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...4, outputs: 1...4)
        normalization = SkipNormalization(
            epsilon: try node.float("epsilon") ?? 1e-12, centers: false, shiftOperand: nil, biasOperand: 3)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { normalization.infer(context) }

    func evaluate(_ context: EvaluationContext) throws -> [Value] { try normalization.evaluate(context) }
}

/// What the two have in common. Operands 0 to 2 are the input, what skipped and the scale.
private struct SkipNormalization: Sendable {
    let epsilon: Float
    let centers: Bool
    let shiftOperand: Int?
    let biasOperand: Int

    func infer(_ context: InferenceContext) -> [InferredValue] {
        let (dtype, dimensions) = (context[0].dtype, context[0].dimensions)
        let statistics = InferredValue.tensor(.float32, dimensions.map { $0.dropLast() + [.fixed(1)] })
        return [.tensor(dtype, dimensions), statistics, statistics, .tensor(dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard let length = input.shape.dimensions.last else {
            throw QTuneError(.invalidInput, "a normalization of a scalar")
        }
        let addends = [try context.tensor(1), try context.optionalTensor(biasOperand)].compactMap { $0 }
        let sum = try wideSum(input, addends, context.pool)
        let scale = try parameters(try context.tensor(2), length)
        let shift = try shiftOperand.flatMap { try context.optionalTensor($0) }.map { try parameters($0, length) }
        let runs = AxisRuns(input.shape, axes: input.shape.rank - 1..<input.shape.rank)
        let statistics = try NormalizationStatistics(
            context, Shape(input.shape.dimensions.dropLast() + [1]), epsilon: epsilon)
        let normalized = try context.makeOutput(0, input.dtype, input.shape)
        let inner = EvaluationContext(inputs: [], outputCount: 1, pool: context.pool)
        let wide = try inner.makeNormalized(
            0, sum, runs, epsilon: epsilon, centers: centers, statistics: statistics,
            affine: { _, place in (scale[place], shift?[place] ?? 0) })
        if let wide = wide.tensor { write(wide, into: normalized) }
        let results = ([normalized] + statistics.tensors).map(Value.tensor)
        guard context.outputCount > 3 else { return results }
        let total = try context.makeOutput(3, input.dtype, input.shape)
        write(sum, into: total)
        return results + [.tensor(total)]
    }

    /// The sum in float32, or in float64 of such.
    private func wideSum(_ input: Tensor, _ addends: [Tensor], _ pool: ThreadPool) throws -> Tensor {
        guard [.float32, .float16, .bfloat16, .float64].contains(input.dtype) else {
            throw QTuneError(.unsupported, "a normalization of \(input.dtype)")
        }
        var sum = input.widened()
        for addend in addends {
            guard addend.dtype == input.dtype, addend.shape.broadcast(with: input.shape) == input.shape else {
                throw QTuneError(
                    .invalidInput, "\(addend.dtype)\(addend.shape) does not add to \(input.dtype)\(input.shape)")
            }
            let next = Tensor(uninitialized: sum.dtype, shape: input.shape)
            if sum.dtype == .float32 {
                Elementwise.binary(.add, sum, addend.widened(), into: next, pool: pool)
            } else {
                Broadcasting.combine(sum, addend, into: next) { (x: Double, y: Double) in x + y }
            }
            sum = next
        }
        return sum
    }

    private func write(_ wide: Tensor, into output: Tensor) {
        if wide.dtype == .float32 { Float.narrow(wide, into: output) } else { Double.narrow(wide, into: output) }
    }

    private func parameters(_ tensor: Tensor, _ length: Int) throws -> [Double] {
        guard tensor.shape == [length] else {
            throw QTuneError(.invalidInput, "parameters of \(tensor.shape) for vectors of \(length)")
        }
        return try tensor.doubles()
    }
}
