internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// `activation(a * B + bias + residual)` in float32 for a constant B. Operands: a [..., K], B [K, N] or, with
/// `transB`, [N, K], bias (optional, N numbers), residual (optional, of the result's shape).
struct Linear: Operator {
    static let name = "Linear"
    static let domain = "qtune"
    static let versions = [1]

    private let isTransposed: Bool
    private let activation: Activation
    private var packed: PackedWeights<FloatMatrix>?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...4)
        isTransposed = try node.int("transB") ?? 0 != 0
        activation = try ActivationAttributes.read(node)
    }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        guard let matrix = constants[1] else { return nil }
        var copy = self
        copy.packed = try pack(matrix, bias: constants[2])
        return copy
    }

    /// What the packed matrix depends on besides its numbers.
    private struct Packing: Hashable {
        let isTransposed: Bool
        let activation: Activation
    }

    private func pack(_ matrix: Tensor, bias: Tensor?) throws -> PackedWeights<FloatMatrix> {
        try PackedWeightCache.shared.packed(
            [matrix] + (bias.map { [$0] } ?? []),
            parameters: Packing(isTransposed: isTransposed, activation: activation)
        ) {
            try FloatMatrix(matrix, transposed: isTransposed, bias: bias, activation: activation)
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let a = context[0].dimensions, let b = context[1].dimensions, b.count == 2, !a.isEmpty else {
            return [.tensor(.float32, nil)]
        }
        return [.tensor(.float32, a.dropLast() + [b[isTransposed ? 0 : 1]])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let matrix = try (packed ?? pack(try context.tensor(1), bias: try context.optionalTensor(2))).weights
        guard input.dtype == .float32, input.shape.dimensions.last == matrix.depth else {
            throw QTuneError(.invalidInput, "\(input.dtype)\(input.shape) times a matrix of \(matrix.depth) rows")
        }
        let output = try context.makeOutput(
            0, .float32, Shape(input.shape.dimensions.dropLast() + [matrix.columns]))
        let residual = try context.optionalTensor(3)
        guard residual.map({ $0.shape == output.shape && $0.dtype == .float32 }) ?? true else {
            throw QTuneError(
                .invalidInput, "a residual of \(residual?.shape ?? .scalar) for a result of \(output.shape)")
        }
        matrix.run(input, residual: residual, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    func bound(_ values: BoundValues) -> (any BoundCall)? {
        guard let matrix = packed?.weights, let input = values.input(0), let output = values.output(0) else {
            return nil
        }
        return BoundFloatMatrix(matrix, input, residual: values.input(3), into: output, pool: values.pool)
    }

    func work(_ inputs: [Value?], _ outputs: [Value]) -> KernelWork? {
        packed?.weights.work(outputElements: outputs.first?.tensor?.count ?? 0)
    }
}
