import QTuneGraph
import QTuneTensor

/// Runs one of two sub-graphs, as the condition says, and gives its results.
struct If: Operator {
    static let name = "If"
    static let versions = [1, 11, 13, 16, 19, 21, 23, 24, 25]
    private let thenBranch: Graph
    private let elseBranch: Graph

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1, outputs: 1...Int.max)
        thenBranch = try node.required("then_branch", node.graph("then_branch"))
        elseBranch = try node.required("else_branch", node.graph("else_branch"))
        guard thenBranch.outputs.count == elseBranch.outputs.count else {
            throw QTuneError(.invalidModel, "the branches differ in their number of results")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        if let condition = context[0].integers?.first {
            return try context.inferSubgraph(condition != 0 ? thenBranch : elseBranch, [])
        }
        let first = try context.inferSubgraph(thenBranch, [])
        let second = try context.inferSubgraph(elseBranch, [])
        return zip(first, second).map { InferredValue(type: ValueType.common($0.type, $1.type)) }
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        try context.runSubgraph(try truth(context, 0) ? thenBranch : elseBranch, [])
    }
}

/// The one truth value of operand `index`.
func truth(_ context: EvaluationContext, _ index: Int) throws -> Bool {
    try truth(of: .tensor(try context.tensor(index)), "operand \(index)")
}

/// The one truth value that `value` holds.
func truth(of value: Value, _ what: String) throws -> Bool {
    guard let tensor = value.tensor, tensor.dtype == .bool, tensor.count == 1 else {
        throw QTuneError(.invalidInput, "\(what) must be one truth value, not \(value.type)")
    }
    return tensor.array(of: Bool.self)[0]
}

extension ValueType {
    /// What holds of values of both types; nil where nothing does.
    static func common(_ a: ValueType?, _ b: ValueType?) -> ValueType? {
        switch (a, b) {
        case (.tensor(let firstType, let first), .tensor(let secondType, let second)):
            let dtype = firstType == secondType ? firstType : nil
            guard let first, let second, first.count == second.count else { return .tensor(dtype, nil) }
            return .tensor(dtype, zip(first, second).map { $0 == $1 ? $0 : .unknown })
        case (.sequence(let first), .sequence(let second)): return .sequence(common(first, second))
        case (.optional(let first), .optional(let second)): return .optional(common(first, second))
        default: return nil
        }
    }
}
