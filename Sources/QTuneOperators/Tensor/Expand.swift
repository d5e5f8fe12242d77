import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The operand broadcast with a shape.
struct Expand: Operator {
    static let name = "Expand"
    static let versions = [8, 13]

    init(_ node: NodeReader) throws { try node.expect(inputs: 2...2) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions, let target = context[1].lengths else {
            return [.tensor(context[0].dtype, nil)]
        }
        let result = InferredValue.tensor(context[0].dtype, try Broadcasting.broadcast(dimensions, target))
        return [result.with(elements: movedElements(context, moved: [0]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard let target = try context.integers(1) else { throw QTuneError(.invalidModel, "operand 1 is missing") }
        let shape = try Broadcasting.shape(of: [input.shape, checkedShape(target, operand: "operand 1")])
        let carrier = try ElementCarrier([input])
        return [
            try carrier.makeOutput(context, shape) { output in
                let strides = BroadcastLoop.strides(of: input.shape, to: shape)
                StridedCopy.fill(output, from: carrier.tensors[0], StridedView(strides: strides), pool: context.pool)
            }
        ]
    }
}

/// The operand repeated along each axis.
struct Tile: Operator {
    static let name = "Tile"
    static let versions = [6, 13]

    init(_ node: NodeReader) throws { try node.expect(inputs: 2...2) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions else { return [.tensor(context[0].dtype, nil)] }
        let repeats = context[1].elements ?? [Dimension](repeating: .unknown, count: dimensions.count)
        guard repeats.count == dimensions.count else {
            throw QTuneError(.invalidModel, "\(repeats.count) repeats do not fit \(dimensions.count) axes")
        }
        let lengths = zip(dimensions, repeats).map(DimensionArithmetic.multiply)
        let result = InferredValue.tensor(context[0].dtype, lengths)
        return [result.with(elements: movedElements(context, moved: [0]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard let repeats = try context.integers(1), repeats.count == input.shape.rank else {
            throw QTuneError(.invalidInput, "operand 1 must hold \(input.shape.rank) repeats")
        }
        _ = try checkedShape(repeats, operand: "operand 1")
        let split = zip(repeats, input.shape.dimensions).flatMap { [$0, $1] }
        let box = try checkedShape(split, operand: "the result")
        let shape = Shape(zip(repeats, input.shape.dimensions).map { $0 * $1 })
        let carrier = try ElementCarrier([input])
        return [
            try carrier.makeOutput(context, shape) { output in
                StridedCopy.copy(
                    split, from: carrier.tensors[0], StridedView(strides: input.shape.strides.flatMap { [0, $0] }),
                    to: output, StridedView(strides: box.strides), pool: context.pool)
            }
        ]
    }
}
