import QTuneTensor

/// A matrix of the operand's shape with ones on diagonal `k` and zeros elsewhere.
struct EyeLike: Operator {
    static let name = "EyeLike"
    static let versions = [9, 22]
    private let diagonal: Int
    private let dtype: DType?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        diagonal = try node.int("k") ?? 0
        dtype = try node.int("dtype").map { try elementType($0, "dtype") }
        if let dtype, Lane(dtype) == nil { throw QTuneError(.unsupported, "ones of type \(dtype)") }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(dtype ?? context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.shape.rank == 2 else { throw QTuneError(.invalidInput, "\(input.shape) is no matrix") }
        let output = try context.makeOutput(0, dtype ?? input.dtype, input.shape)
        _ = try Lane.of(output)
        let (rows, columns) = (input.shape[0], input.shape[1])
        output.fill(from: .signed) { target in
            target.withMutableSpan(of: Int64.self) { target in
                for index in 0..<target.count { target[index] = 0 }
                for row in 0..<rows {
                    let (column, overflow) = row.addingReportingOverflow(diagonal)
                    if !overflow, (0..<columns).contains(column) { target[row * columns + column] = 1 }
                }
            }
        }
        return [.tensor(output)]
    }
}
