import QTuneGraph
import QTuneKernels
import QTuneTensor

/// An operator on two truth values.
protocol BooleanOperator: Operator {
    var kernel: Elements.Pair { get }
    init()
}

extension BooleanOperator {
    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        self.init()
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.bool, try Broadcasting.dimensions(of: [context[0], context[1]]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (a, b) = (try truths(context, 0), try truths(context, 1))
        let output = try context.makeOutput(0, .bool, Broadcasting.shape(of: [a.shape, b.shape]))
        return [try combined(kernel, a, b, into: output, context)]
    }

    var inPlaceInputs: [Int] { [0, 1] }
}

/// The truth values that `kernel` makes of `a` and `b`.
private func combined(
    _ kernel: Elements.Pair, _ a: Tensor, _ b: Tensor, into output: Tensor, _ context: EvaluationContext
) throws -> Value {
    guard Elements.combine(kernel, a, b, into: output, pool: context.pool) else {
        throw QTuneError(.unsupported, "\(a.dtype) where truth values are wanted")
    }
    return .tensor(output)
}

/// Operand `index`, which must be of truth values.
private func truths(_ context: EvaluationContext, _ index: Int) throws -> Tensor {
    let tensor = try context.tensor(index)
    guard tensor.dtype == .bool else {
        throw QTuneError(.invalidInput, "operand \(index) is \(tensor.dtype), not bool")
    }
    return tensor
}

struct And: BooleanOperator {
    static let name = "And"
    static let versions = [7]
    let kernel = Elements.Pair.and
}

struct Or: BooleanOperator {
    static let name = "Or"
    static let versions = [7]
    let kernel = Elements.Pair.or
}

struct Xor: BooleanOperator {
    static let name = "Xor"
    static let versions = [7]
    let kernel = Elements.Pair.xor
}

struct Not: Operator {
    static let name = "Not"
    static let versions = [1]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [InferredValue(type: context[0].type)] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try truths(context, 0)
        let output = try context.makeOutput(0, .bool, input.shape)
        return [try combined(.xor, input, Tensor([true], shape: []), into: output, context)]
    }

    var inPlaceInputs: [Int] { [0] }
}

/// The second operand where the first is true, elsewhere the third; all broadcast.
struct Where: Operator {
    static let name = "Where"
    static let versions = [9, 16]

    init(_ node: NodeReader) throws { try node.expect(inputs: 3...3) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let operands = [context[0], context[1], context[2]]
        let dimensions = try Broadcasting.dimensions(of: operands)
        let result = InferredValue.tensor(context[1].dtype ?? context[2].dtype, dimensions)
        return [result.with(elements: movedElements(context, moved: [1, 2]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let condition = try truths(context, 0)
        let carrier = try ElementCarrier([try context.tensor(1), try context.tensor(2)])
        let shape = try Broadcasting.shape(of: [condition.shape] + carrier.tensors.map(\.shape))
        _ = try EvaluationContext.fresh(.bool, shape)
        let chosen = Broadcasting.expanded(condition, to: shape)
        let parts = carrier.tensors.map { Broadcasting.expanded($0, to: shape) }
        return [
            try carrier.makeOutput(context, shape) { output in
                Elements.select(chosen, parts[0], parts[1], into: output, pool: context.pool)
            }
        ]
    }
}
