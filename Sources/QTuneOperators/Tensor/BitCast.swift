import QTuneTensor

/// The same bits as another type of the same width.
struct BitCast: Operator {
    static let name = "BitCast"
    static let versions = [26]
    private let dtype: DType

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        dtype = try elementType(node.required("to", node.int("to")), "to")
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.dtype.bitWidth == dtype.bitWidth, dtype != .string else {
            throw QTuneError(.invalidInput, "\(input.dtype) and \(dtype) differ in width")
        }
        return [.tensor(input.reinterpreted(as: dtype))]
    }
}
