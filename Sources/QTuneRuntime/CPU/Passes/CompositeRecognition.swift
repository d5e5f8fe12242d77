internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Finds what exporters write as several nodes: channel shuffles and x * sigmoid(x).
struct CompositeRecognition: Pass {
    let name = "recognise-composites"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id] else { continue }
            let replacement: Node? =
                switch node.qualifiedType {
                case "Reshape": channelShuffle(node, rewriting)
                case "Mul": silu(node, rewriting)
                default: nil
                }
            guard let replacement else { continue }
            rewriting.editor.replace(id, with: replacement)
            rewriting.matched(node)
        }
    }

    /// Reshape to [N, groups, C / groups, H, W], Transpose of axes 1 and 2, Reshape back.
    private func channelShuffle(_ node: Node, _ rewriting: Rewriting) -> Node? {
        guard let (_, transpose) = rewriting.soleProducer(of: node.inputs[0]),
            transpose.qualifiedType == "Transpose", transpose.ints("perm") == [0, 2, 1, 3, 4],
            let (_, split) = rewriting.soleProducer(of: transpose.inputs[0]), split.qualifiedType == "Reshape",
            let groups = rewriting.value(transpose.inputs[0]).dimensions?[1].value,
            let from = rewriting.value(split.inputs[0]).dimensions, from.count == 4,
            rewriting.value(transpose.inputs[0]).dimensions.map({ $0[0] == from[0] && $0[3...] == from[2...] }) == true,
            rewriting.value(node.outputs[0]).dimensions == from, !from.contains(.unknown)
        else { return nil }
        return Node(
            ChannelShuffle.name, domain: "qtune", name: node.name, inputs: [split.inputs[0]], outputs: node.outputs,
            attributes: ["group": .int(Int64(groups))])
    }

    private func silu(_ node: Node, _ rewriting: Rewriting) -> Node? {
        for (x, gate) in [(0, 1), (1, 0)] where node.inputs.count == 2 {
            guard let (_, sigmoid) = rewriting.soleProducer(of: node.inputs[gate]),
                sigmoid.qualifiedType == "Sigmoid", sigmoid.inputs[0] == node.inputs[x],
                rewriting.value(node.inputs[x]).dtype == .float32
            else { continue }
            return Activate.node(.silu, node.inputs[x], in: node)
        }
        return nil
    }
}
