import QTuneGraph
import QTuneTensor

/// Slices of the first operand along `axis`, at the places that the second names.
struct Gather: Operator {
    static let name = "Gather"
    static let versions = [1, 11, 13]
    private let axis: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        axis = try node.int("axis") ?? 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let (data, indices) = (context[0], context[1])
        guard let dimensions = data.dimensions, let places = indices.dimensions else {
            return [.tensor(data.dtype, nil)]
        }
        let axis = try normalizedAxis(self.axis, rank: dimensions.count)
        let lengths = Array(dimensions[..<axis]) + places + Array(dimensions[(axis + 1)...])
        return [InferredValue.tensor(data.dtype, lengths).with(elements: movedElements(context, moved: [0]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (data, indices) = (try context.tensor(0), try context.tensor(1))
        let axis = try normalizedAxis(self.axis, rank: data.shape.rank)
        let lengths = data.shape.dimensions
        guard let numbers = indices.integers else {
            throw QTuneError(.invalidInput, "operand 1 is \(indices.dtype), not integer")
        }
        let places = try numbers.map { try normalizedIndex($0, length: lengths[axis]) }
        let shape = try checkedShape(
            Array(lengths[..<axis]) + indices.shape.dimensions + Array(lengths[(axis + 1)...]), operand: "the result")
        let carrier = try ElementCarrier([data])
        return [
            try carrier.makeOutput(context, shape) { output in
                FlatGather.gather(carrier.tensors[0], axis: axis, places: places, into: output)
            }
        ]
    }
}

/// The elements at places along `axis` that the second operand names for each element of the result.
struct GatherElements: Operator {
    static let name = "GatherElements"
    static let versions = [11, 13]
    private let axis: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        axis = try node.int("axis") ?? 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[1].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (data, indices) = (try context.tensor(0), try context.tensor(1))
        let places = try AxisIndices(indices, in: data.shape, axis: axis)
        let carrier = try ElementCarrier([data])
        return [
            try carrier.makeOutput(context, indices.shape) { output in
                try FlatGather.gather(carrier.tensors[0], at: places, into: output)
            }
        ]
    }
}

/// Slices of the first operand at the places that the last axis of the second operand names.
struct GatherND: Operator {
    static let name = "GatherND"
    static let versions = [11, 12, 13]
    private let batchAxes: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        batchAxes = try node.int("batch_dims") ?? 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let (data, indices) = (context[0], context[1])
        guard let dimensions = data.dimensions, let places = indices.dimensions, let depth = places.last?.value else {
            return [.tensor(data.dtype, nil)]
        }
        guard batchAxes >= 0, depth >= 0, batchAxes < places.count, batchAxes + depth <= dimensions.count else {
            throw QTuneError(.invalidModel, "places of \(depth) axes do not fit \(dimensions.count) axes")
        }
        return [.tensor(data.dtype, Array(places.dropLast()) + Array(dimensions[(batchAxes + depth)...]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (data, indices) = (try context.tensor(0), try context.tensor(1))
        let offsets = try sliceOffsets(of: indices, in: data.shape, batchAxes: batchAxes)
        let depth = indices.shape.dimensions.last ?? 0
        let rest = Array(data.shape.dimensions[(batchAxes + depth)...])
        let shape = try checkedShape(Array(indices.shape.dimensions.dropLast()) + rest, operand: "the result")
        let carrier = try ElementCarrier([data])
        return [
            try carrier.makeOutput(context, shape) { output in
                FlatGather.gather(carrier.tensors[0], offsets: offsets, run: rest.reduce(1, *), into: output)
            }
        ]
    }
}
