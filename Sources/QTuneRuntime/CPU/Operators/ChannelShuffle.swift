internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Takes the channels of images, which stand in `group` groups, one from each group in turn.
struct ChannelShuffle: ImageOperator {
    static let name = "ChannelShuffle"
    static let domain = "qtune"
    static let versions = [1]

    private let groups: Int
    private let order: ImageOrder

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        groups = try node.required("group", try node.int("group"))
        order = try ImageOrder(node)
        guard groups > 0 else { throw QTuneError(.invalidModel, "\(groups) groups of channels") }
    }

    static func imageOperands(of node: Node) -> [Int] { [0] }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] { [InferredValue(type: context[0].type)] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let (batch, second, third, fourth) = try input.checkedImage()
        let channels = order.isChannelsLast ? fourth : second
        guard channels.isMultiple(of: groups) else {
            throw QTuneError(.invalidInput, "\(channels) channels do not split into \(groups) groups")
        }
        let each = channels / groups
        let output = try context.makeOutput(0, input.dtype, input.shape)
        if groups == 2, order.isChannelsLast, [8, 16, 32, 64].contains(input.dtype.bitWidth) {
            ChannelInterleaving.shuffle(input, into: output, pool: context.pool)
            return [.tensor(output)]
        }
        let (from, to): (Shape, Shape) =
            order.isChannelsLast
            ? ([batch * second * third, groups, each, 1], [batch * second * third, each, groups, 1])
            : ([batch, groups, each, third * fourth], [batch, each, groups, third * fourth])
        Layout.transpose(
            input.reshaped(to: from), permutation: [0, 2, 1, 3], into: output.reshaped(to: to), pool: context.pool)
        return [.tensor(output)]
    }
}
