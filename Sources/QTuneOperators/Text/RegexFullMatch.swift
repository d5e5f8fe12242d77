import QTuneGraph
import QTuneTensor

/// Whether the whole of each string matches a regular expression.
struct RegexFullMatch: Operator {
    static let name = "RegexFullMatch"
    static let versions = [20]
    private let expression: RegularExpression

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        expression = try RegularExpression(try node.required("pattern", node.string("pattern")))
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.bool, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.stringTensor(0)
        let matches = input.strings.map(expression.matchesWhole)
        return [.tensor(Tensor(matches, shape: input.shape))]
    }
}
