internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// A product of 8-bit rows [..., K] with a constant 8-bit matrix [K, N] or, with `transB`, [N, K], exact in int32. The
/// optional third operand is a bias, int32 in units of the sums or, for real results, float32. The fourth and the fifth
/// are zero point and scale of rows that are quantized while the network runs; the attributes then hold 0 and 1.
/// A second result, which only real ones have, holds the ends of the range of the first.
struct IntegerLinear: Operator {
    static let name = "IntegerLinear"
    static let domain = "qtune"
    static let versions = [1]

    private let isTransposed: Bool
    private let input: QuantizationParameters
    private let weights: WeightQuantization
    private let output: IntegerOutput
    private let findsRange: Bool
    private var packed: PackedWeights<IntegerMatrix>?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...5, outputs: 1...2)
        isTransposed = try node.int("transB") ?? 0 != 0
        input = try QuantizationAttributes.read("x", from: node)
        weights = try WeightQuantization(node)
        output = try IntegerOutput(node)
        findsRange = node.node.outputs.count > 1
        guard !findsRange || output.dtype == .float32 else {
            throw QTuneError(.invalidModel, "the range of a result that is not real")
        }
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
        let input: QuantizationParameters
        let weights: WeightQuantization
        let output: IntegerOutput
    }

    private func pack(_ matrix: Tensor, bias: Tensor?) throws -> PackedWeights<IntegerMatrix> {
        try PackedWeightCache.shared.packed(
            [matrix] + (bias.map { [$0] } ?? []),
            parameters: Packing(isTransposed: isTransposed, input: input, weights: weights, output: output)
        ) {
            let addend = try IntegerBias(bias)
            return try IntegerMatrix(
                matrix, transposed: isTransposed, weightZeroPoints: weights.zeroPoints, bias: addend.sums,
                inputType: input.dtype, inputZeroPoint: input.zeroPoints[0],
                epilogue: output.epilogue(scales: weights.scales.map { input.scales[0] * $0 }, bias: addend.reals),
                areLasting: true)
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let a = context[0].dimensions, let b = context[1].dimensions, b.count == 2, !a.isEmpty else {
            return inferred(nil)
        }
        return inferred(a.dropLast() + [b[isTransposed ? 0 : 1]])
    }

    private func inferred(_ dimensions: [Dimension]?) -> [InferredValue] {
        [.tensor(output.dtype, dimensions)] + (findsRange ? [RangeResult.inferred] : [])
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let rows = try context.tensor(0)
        let matrix = try matrix(context)
        guard rows.dtype == matrix.inputType, rows.shape.dimensions.last == matrix.depth else {
            throw QTuneError(.invalidInput, "\(rows.dtype)\(rows.shape) times a matrix of \(matrix.depth) rows")
        }
        let result = try context.makeOutput(
            0, matrix.outputType, Shape(rows.shape.dimensions.dropLast() + [matrix.columns]))
        let range: RealRange?
        if let dynamic = try DynamicInput(context, zeroPoint: 3, scale: 4) {
            range = matrix.run(
                rows, inputZeroPoint: dynamic.zeroPoint, inputScale: dynamic.scale, into: result,
                findsRange: findsRange, pool: context.pool)
        } else {
            range = matrix.run(rows, into: result, findsRange: findsRange, pool: context.pool)
        }
        return try RangeResult.appended(range, to: [.tensor(result)], context)
    }

    func bound(_ values: BoundValues) -> (any BoundCall)? {
        guard let matrix = packed?.weights, let rows = values.input(0),
            let input = InputQuantization(values, zeroPoint: 3, scale: 4),
            let results = IntegerResults(values, findsRange: findsRange)
        else { return nil }
        return matrix.bound(rows, quantizedBy: input, into: results, pool: values.pool)
    }

    /// The packed matrix. (`??` would copy the whole operator into its closure at each call.)
    private func matrix(_ context: EvaluationContext) throws -> IntegerMatrix {
        if let packed { return packed.weights }
        return try pack(try context.tensor(1), bias: try context.optionalTensor(2)).weights
    }

    func work(_ inputs: [Value?], _ outputs: [Value]) -> KernelWork? {
        packed?.weights.work(outputElements: outputs.first?.tensor?.count ?? 0)
    }
}
