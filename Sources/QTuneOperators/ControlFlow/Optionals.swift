import QTuneGraph
import QTuneTensor

/// A value, or none, as an optional.
struct OptionalOperator: Operator {
    static let name = "Optional"
    static let versions = [15]

    init(_ node: NodeReader) throws { try node.expect(inputs: 0...1) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [InferredValue(type: .optional(context[0].type))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] { [.optional(context.inputs.first ?? nil)] }
}

/// Whether there is a value; an operand that is left out is none.
struct OptionalHasElement: Operator {
    static let name = "OptionalHasElement"
    static let versions = [15, 18]

    init(_ node: NodeReader) throws { try node.expect(inputs: 0...1) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [.tensor(.bool, [])] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let hasElement: Bool
        switch context.inputs.first ?? nil {
        case nil, .optional(nil): hasElement = false
        default: hasElement = true
        }
        return [.tensor(Tensor(scalar: hasElement))]
    }
}

/// The value that an optional holds.
struct OptionalGetElement: Operator {
    static let name = "OptionalGetElement"
    static let versions = [15, 18]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        if case .optional(let element) = context[0].type { return [InferredValue(type: element)] }
        return [InferredValue(type: context[0].type)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        switch context.inputs.first ?? nil {
        case nil, .optional(nil): throw QTuneError(.invalidInput, "the optional is empty")
        case .optional(let value?): return [value]
        case let value?: return [value]
        }
    }
}
