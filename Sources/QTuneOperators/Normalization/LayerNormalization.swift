import QTuneGraph
import QTuneTensor

/// Normalizes over all axes from `axis` on, then scales and moves element-wise. Gives mean and inverse standard
/// deviation of each run on request.
struct LayerNormalization: Operator {
    static let name = "LayerNormalization"
    static let versions = [17]

    private let axis: Int
    private let epsilon: Float

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3, outputs: 1...3)
        axis = try node.int("axis") ?? -1
        epsilon = try node.float("epsilon") ?? 1e-5
        guard try node.int("stash_type") ?? 1 == 1 else {
            throw QTuneError(.unsupported, "LayerNormalization with statistics of another type than float32")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dimensions = context[0].dimensions
        let statistics = dimensions.map { dimensions in
            let first = axis < 0 ? axis + dimensions.count : axis
            return dimensions.enumerated().map { $0.offset < first ? $0.element : .fixed(1) }
        }
        return [.tensor(context[0].dtype, dimensions), .tensor(.float32, statistics), .tensor(.float32, statistics)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard let first = input.shape.normalizedAxis(axis) else {
            throw QTuneError(.invalidInput, "axis \(axis) of \(input.shape)")
        }
        let runs = AxisRuns(input.shape, axes: first..<input.shape.rank)
        let run = Shape(Array(input.shape.dimensions[first...]))
        let scale = try BroadcastValues(try context.tensor(1), to: run)
        let bias = try context.optionalTensor(2).map { try BroadcastValues($0, to: run) }
        let statistics = try NormalizationStatistics(
            context, Shape(input.shape.dimensions.enumerated().map { $0.offset < first ? $0.element : 1 }),
            epsilon: epsilon)
        let normalized = try context.makeNormalized(
            0, input, runs, epsilon: epsilon, statistics: statistics,
            affine: { _, place in (scale[place], bias?[place] ?? 0) })
        return [normalized] + statistics.tensors.map(Value.tensor)
    }
}

/// Parameters that broadcast to the shape of a run, by the place in the run.
struct BroadcastValues {
    private let values: [Double]

    init(_ tensor: Tensor, to shape: Shape) throws {
        let elements = try tensor.doubles()
        // Leading axes of length 1 change nothing.
        let lengths = Array(tensor.shape.dimensions.drop { $0 == 1 })
        let trimmed = Shape(lengths)
        guard trimmed.rank <= shape.rank, trimmed.broadcast(with: shape) == shape else {
            throw QTuneError(.invalidInput, "parameters of \(tensor.shape) do not broadcast to \(shape)")
        }
        guard elements.count != 1, trimmed != shape else {
            values = elements
            return
        }
        try MemoryLimit.check(.complex128, shape)
        values = broadcastPlaces(of: trimmed, in: shape).map { elements[$0] }
    }

    subscript(place: Int) -> Double { values.count == 1 ? values[0] : values[place] }
}
