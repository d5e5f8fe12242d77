import QTuneGraph
import QTuneKernels
import QTuneTensor

/// `scale * (x - mean) / sqrt(variance + epsilon) + bias` with the statistics of each plane of [batch, channels, ...].
struct InstanceNormalization: Operator {
    static let name = "InstanceNormalization"
    static let versions = [6, 22]

    private let epsilon: Float

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...3)
        epsilon = try node.float("epsilon") ?? 1e-5
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let (scale, bias) = (try context.tensor(1).doubles(), try context.tensor(2).doubles())
        guard input.shape.rank >= 2, scale.count == input.shape[1], bias.count == input.shape[1] else {
            throw QTuneError(
                .invalidInput,
                "InstanceNormalization of \(input.shape) with \(scale.count) scales and \(bias.count) biases")
        }
        let channels = input.shape[1]
        let runs = AxisRuns(input.shape, axes: 2..<input.shape.rank)
        if input.dtype == .float32, input.count > 0 {
            let output = try context.makeOutput(0, .float32, input.shape)
            RowNormalization.planes(
                input, rowLength: runs.length, planeLength: runs.length, scales: scale.map { Float($0) },
                shifts: bias.map { Float($0) }, epsilon: epsilon, into: output, pool: context.pool)
            return [.tensor(output)]
        }
        return [
            try context.makeNormalized(0, input, runs, epsilon: epsilon) { run, _ in
                (scale[run % channels], bias[run % channels])
            }
        ]
    }
}
