import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Normalizes over groups of neighbouring channels of [batch, channels, ...]; scale and bias are one for each channel,
/// in version 18 one for each group.
struct GroupNormalization: Operator {
    static let name = "GroupNormalization"
    static let versions = [18, 21]

    private let groups: Int
    private let epsilon: Float
    private let scalesGroups: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...3)
        groups = try node.required("num_groups", try node.int("num_groups"))
        guard groups > 0 else { throw QTuneError(.invalidModel, "attribute 'num_groups' is \(groups)") }
        epsilon = try node.float("epsilon") ?? 1e-5
        scalesGroups = node.opset < 21
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let (scale, bias) = (try context.tensor(1).doubles(), try context.tensor(2).doubles())
        guard input.shape.rank >= 2, input.shape[1].isMultiple(of: groups) else {
            throw QTuneError(.invalidInput, "\(groups) groups of the channels of \(input.shape)")
        }
        let channels = input.shape[1]
        guard scale.count == bias.count, scale.count == (scalesGroups ? groups : channels) else {
            throw QTuneError(.invalidInput, "\(scale.count) scales and \(bias.count) biases for \(channels) channels")
        }
        let plane = input.shape.dimensions.dropFirst(2).reduce(1, *)
        guard let shape = Shape(checking: [input.shape[0], groups, channels / groups, plane]) else {
            throw QTuneError(.invalidInput, "a shape of \(input.shape) is too large")
        }
        let runs = AxisRuns(shape, axes: 2..<4)
        let perGroup = channels / groups
        if input.dtype == .float32, input.count > 0 {
            let output = try context.makeOutput(0, .float32, input.shape)
            let numbers = { (values: [Double]) in
                (0..<channels).map { Float(values[scalesGroups ? $0 / perGroup : $0]) }
            }
            RowNormalization.planes(
                input, rowLength: runs.length, planeLength: plane, scales: numbers(scale), shifts: numbers(bias),
                epsilon: epsilon, into: output, pool: context.pool)
            return [.tensor(output)]
        }
        return [
            try context.makeNormalized(0, input, runs, epsilon: epsilon) { run, place in
                let group = run % groups
                let index = scalesGroups ? group : group * perGroup + place / plane
                return (scale[index], bias[index])
            }
        ]
    }
}
