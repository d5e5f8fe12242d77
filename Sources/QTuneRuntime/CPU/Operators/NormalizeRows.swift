internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// `(x - mean) / sqrt(variance + epsilon) * scale + shift` of each row of the last axis in float32. Operands: x, scale
/// (optional), shift (optional), each one number for each element of a row. Without `centers` the mean counts as 0.
struct NormalizeRows: Operator {
    static let name = "NormalizeRows"
    static let domain = "qtune"
    static let versions = [1]

    private let epsilon: Float
    private let centers: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...3)
        epsilon = try node.required("epsilon", try node.float("epsilon"))
        centers = try node.int("centers") ?? 1 != 0
    }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] { [InferredValue(type: context[0].type)] }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.reduction }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let (scale, shift) = (try context.optionalTensor(1), try context.optionalTensor(2))
        let length = input.shape.dimensions.last
        for numbers in [input] + [scale, shift].compactMap({ $0 }) {
            guard numbers.dtype == .float32, numbers.shape.dimensions.last == length else {
                throw QTuneError(
                    .invalidInput, "\(numbers.dtype)\(numbers.shape) in a normalization of rows of \(input.shape)")
            }
        }
        guard [scale, shift].allSatisfy({ $0.map { $0.count == length } ?? true }) else {
            throw QTuneError(.invalidInput, "more than one row of parameters")
        }
        let output = try context.makeOutput(0, .float32, input.shape)
        RowNormalization.run(
            input, scale: scale, shift: shift, epsilon: epsilon, centers: centers, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    var inPlaceInputs: [Int] { [0] }
}
