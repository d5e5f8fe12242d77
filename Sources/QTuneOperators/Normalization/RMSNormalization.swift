import QTuneGraph
import QTuneTensor

/// Divides by the root of the mean square over all axes from `axis` on, then scales element-wise.
struct RMSNormalization: Operator {
    static let name = "RMSNormalization"
    static let versions = [23]

    private let axis: Int
    private let epsilon: Float

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        axis = try node.int("axis") ?? -1
        epsilon = try node.float("epsilon") ?? 1e-5
        guard try node.int("stash_type") ?? 1 == 1 else {
            throw QTuneError(.unsupported, "RMSNormalization with a mean square of another type than float32")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[1].dtype ?? context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard let first = input.shape.normalizedAxis(axis) else {
            throw QTuneError(.invalidInput, "axis \(axis) of \(input.shape)")
        }
        let scale = try BroadcastValues(try context.tensor(1), to: Shape(Array(input.shape.dimensions[first...])))
        let runs = AxisRuns(input.shape, axes: first..<input.shape.rank)
        return [
            try context.makeNormalized(0, input, runs, epsilon: epsilon, centers: false) { _, place in (scale[place], 0)
            }
        ]
    }
}
