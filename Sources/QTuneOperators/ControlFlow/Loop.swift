import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Runs a sub-graph again and again: as often as the trip count says, while the condition holds. Values are carried
/// from turn to turn; what else the body gives is stacked along a new first axis.
struct Loop: Operator {
    static let name = "Loop"
    static let versions = [1, 11, 13, 16, 19, 21, 23, 24, 25]
    private let body: Graph
    /// Values carried from turn to turn.
    private let carried: Int

    init(_ node: NodeReader) throws {
        body = try node.required("body", node.graph("body"))
        // Trip count and condition may both be left out.
        carried = max(0, node.node.inputs.count - 2)
        guard body.inputs.count == carried + 2, body.outputs.count >= carried + 1 else {
            throw QTuneError(
                .invalidModel,
                "a body of \(body.inputs.count) inputs and \(body.outputs.count) outputs does not fit \(carried) values"
            )
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        var types = (0..<carried).map { context[$0 + 2].type }
        // Each turn may only loosen a type, so the turns settle; were they not to, nothing would be known.
        for _ in 0..<8 {
            let operands =
                [InferredValue.tensor(.int64, []), .tensor(.bool, [])] + types.map { InferredValue(type: $0) }
            let outputs = try context.inferSubgraph(body, operands)
            let merged = zip(types, outputs[1...]).map { ValueType.common($0, $1.type) }
            if merged == types { return results(types, scans: outputs[(carried + 1)...]) }
            types = merged
        }
        return [InferredValue](repeating: .unknown, count: body.outputs.count - 1)
    }

    private func results(_ types: [ValueType?], scans: ArraySlice<InferredValue>) -> [InferredValue] {
        types.map { InferredValue(type: $0) }
            + scans.map { scan in .tensor(scan.dtype, scan.dimensions.map { [.unknown] + $0 }) }
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let limit = try context.integers(0).map { try one($0) }
        var goesOn = try !context.has(1) || truth(context, 1)
        var state = try (0..<carried).map { index in
            guard let value = context.inputs[index + 2] else {
                throw QTuneError(.invalidModel, "operand \(index + 2) is missing")
            }
            return value
        }
        var scans = [[Tensor]](repeating: [], count: body.outputs.count - 1 - carried)
        var turn = 0
        while goesOn, limit.map({ turn < $0 }) ?? true {
            let operands = [.tensor(Tensor(scalar: Int64(turn))), .tensor(Tensor(scalar: goesOn))] + state
            let outputs = try context.runSubgraph(body, operands)
            goesOn = try truth(of: outputs[0], "the condition")
            state = Array(outputs[1..<carried + 1])
            for (index, value) in outputs[(carried + 1)...].enumerated() {
                guard let tensor = value.tensor else {
                    throw QTuneError(.invalidModel, "a stacked result is no tensor")
                }
                scans[index].append(tensor)
            }
            turn += 1
        }
        return try state
            + scans.enumerated().map { index, slices in
                try stacked(slices, axis: 0, empty: body.outputs[carried + 1 + index].type)
            }
    }

    private func one(_ numbers: [Int]) throws -> Int {
        guard numbers.count == 1 else { throw QTuneError(.invalidInput, "the trip count must be one number") }
        return numbers[0]
    }
}

/// Tensors of one shape along a new axis.
/// - Parameter empty: the declared type of a slice, for no slices at all.
func stacked(_ slices: [Tensor], axis: Int, empty: ValueType?) throws -> Value {
    guard let first = slices.first else {
        let lengths = empty?.dimensions?.map { $0.value ?? 0 } ?? []
        return .tensor(Tensor(zeros: empty?.dtype ?? .float32, shape: Shape([0] + lengths.map { max($0, 0) })))
    }
    guard slices.allSatisfy({ $0.shape == first.shape }) else {
        throw QTuneError(.invalidInput, "stacked results differ in shape")
    }
    let axis = try normalizedAxis(axis, rank: first.shape.rank + 1)
    var lengths = first.shape.dimensions
    lengths.insert(slices.count, at: axis)
    let shape = Shape(lengths)
    var strides = shape.strides
    let step = strides.remove(at: axis)
    let carrier = try ElementCarrier(slices)
    let context = EvaluationContext(inputs: [], outputCount: 1, pool: ThreadPool(threads: 1))
    return try carrier.makeOutput(context, shape) { output in
        for (index, slice) in carrier.tensors.enumerated() {
            StridedCopy.copy(
                slice.shape.dimensions, from: slice, StridedView(strides: slice.shape.strides), to: output,
                StridedView(offset: index * step, strides: strides))
        }
    }
}
