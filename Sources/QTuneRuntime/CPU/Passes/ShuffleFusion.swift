internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Joins a concatenation of two NHWC images, the channel shuffle after it, and the split into halves after that: one
/// walk over memory instead of four, and each half lies without gaps for the convolution that reads it.
struct ShuffleFusion: Pass {
    let name = "fuse-channel-shuffle"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], node.qualifiedType == "qtune.\(ChannelShuffle.name)",
                node.int(ImageOrder.attribute) == 1
            else { continue }
            switch fused(node, rewriting) {
            case .success(let (concatenation, made)):
                var made = made
                let halves = self.halves(of: node.outputs[0], rewriting)
                made.outputs = halves.map(\.outputs) ?? node.outputs
                rewriting.editor.remove(concatenation)
                for half in halves?.nodes ?? [] { rewriting.editor.remove(half) }
                rewriting.editor.replace(id, with: made)
                rewriting.matched(node)
            case .failure(let refusal): rewriting.refuse(node, refusal.reason)
            }
        }
    }

    private typealias Fused = (concatenation: GraphEditor.NodeID, node: Node)

    private func fused(_ shuffle: Node, _ rewriting: Rewriting) -> Result<Fused, IntegerRefusal> {
        guard shuffle.int("group") == 2 else { return .failure(.init("it has other than two groups")) }
        guard let (id, joined) = rewriting.soleProducer(of: shuffle.inputs[0]),
            ["Concat", "qtune.\(QuantizedConcat.name)"].contains(joined.qualifiedType), joined.inputs.count == 2,
            [3, -1].contains(joined.int("axis"))
        else { return .failure(.init("its operand is no concatenation of two images for it alone")) }
        let operands = joined.inputs.map { rewriting.value($0) }
        guard let lengths = operands[0].dimensions, lengths.count == 4, operands[1].dimensions == lengths,
            !lengths.contains(.unknown), let dtype = operands[0].dtype, dtype == operands[1].dtype,
            [8, 16, 32, 64].contains(dtype.bitWidth)
        else { return .failure(.init("the images are not known to be of one shape and type")) }
        var made = Node(
            InterleaveChannels.name, domain: InterleaveChannels.domain, name: shuffle.name, inputs: joined.inputs,
            outputs: [])
        if joined.domain == QuantizedConcat.domain, let failure = QuantizedConcat.writeOperands(of: joined, to: &made) {
            return .failure(failure)
        }
        return .success((id, made))
    }

    /// The results of the nodes that take the first and the second half of the channels of `value`, where nothing else
    /// uses it.
    private func halves(
        of value: String, _ rewriting: Rewriting
    ) -> (nodes: [GraphEditor.NodeID], outputs: [String])? {
        let users = rewriting.editor.consumers(of: value)
        guard !rewriting.editor.isOutput(value), let channels = rewriting.value(value).dimensions?.last?.value,
            channels.isMultiple(of: 4)
        else { return nil }
        let nodes = users.compactMap { rewriting.editor[$0] }
        if nodes.count == 1, nodes[0].qualifiedType == "Split", nodes[0].outputs.count == 2,
            [3, -1].contains(nodes[0].int("axis")), !nodes[0].outputs.contains(""),
            nodes[0].outputs.allSatisfy({ rewriting.value($0).dimensions?.last == .fixed(channels / 2) })
        {
            return (users, nodes[0].outputs)
        }
        guard nodes.count == 2, let first = nodes.firstIndex(where: { takes(0..<channels / 2, $0, rewriting) }),
            takes(channels / 2..<channels, nodes[1 - first], rewriting)
        else { return nil }
        return (users, [nodes[first].outputs[0], nodes[1 - first].outputs[0]])
    }

    /// Whether `node` cuts those channels out of an NHWC image, and nothing else.
    private func takes(_ channels: Range<Int>, _ node: Node, _ rewriting: Rewriting) -> Bool {
        guard node.qualifiedType == "Slice" else { return false }
        func numbers(_ attribute: String, _ operand: Int) -> [Int]? {
            node.ints(attribute) ?? rewriting.constant(node, operand)?.integers
        }
        guard [[3], [-1]].contains(numbers("axes", 3)), let start = numbers("starts", 1), start.count == 1,
            let end = numbers("ends", 2), end.count == 1, node.inputs.count < 5 || numbers("steps", 4) == [1]
        else { return false }
        let length = rewriting.value(node.outputs[0]).dimensions?.last
        return start[0] == channels.lowerBound && length == .fixed(channels.count)
    }
}
