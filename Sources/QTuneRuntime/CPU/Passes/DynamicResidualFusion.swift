internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Lets the kernel of an integer convolution with a real result add the other operand of an Add where it stores, and
/// clamp the sum where a Relu or Clip follows. All steps are those of the nodes, so that the bits stay.
struct DynamicResidualFusion: Pass {
    let name = "fuse-dynamic-residual"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            // A value added to itself cannot be both the kernel's sum and what the kernel adds.
            guard let node = rewriting.editor[id], node.qualifiedType == "Add", node.inputs.count == 2,
                node.inputs[0] != node.inputs[1],
                node.inputs.contains(where: { Self.isRealConvolution($0, rewriting) })
            else { continue }
            guard let (index, producer, convolution) = Self.summand(of: node, rewriting) else {
                rewriting.refuse(node, "neither operand is made, for it alone, by a convolution that can add")
                continue
            }
            let lengths = rewriting.value(node.inputs[1 - index]).dimensions
            guard let lengths, !lengths.contains(.unknown), lengths == rewriting.value(node.inputs[index]).dimensions
            else {
                rewriting.refuse(node, "its operands are not known to have the same shape")
                continue
            }
            var fused = convolution
            fused.inputs += [String](repeating: "", count: IntegerConv2D.addend - fused.inputs.count)
            fused.inputs.append(node.inputs[1 - index])
            fused.outputs = node.outputs
            rewriting.editor.remove(producer)
            let last = rewriting.addClamps(to: &fused, at: id)
            if last != id { rewriting.editor.remove(id) }
            rewriting.editor.replace(last, with: fused)
            rewriting.matched(node)
        }
    }

    private static func isRealConvolution(_ value: String, _ rewriting: Rewriting) -> Bool {
        guard let id = rewriting.editor.producer(of: value), let node = rewriting.editor[id] else { return false }
        return node.qualifiedType == "qtune.\(IntegerConv2D.name)" && node.attributes["real"] != nil
    }

    /// The operand of `sum` that a convolution makes for it alone and whose kernel can add.
    private static func summand(
        of sum: Node, _ rewriting: Rewriting
    ) -> (index: Int, id: GraphEditor.NodeID, convolution: Node)? {
        for index in [1, 0] where isRealConvolution(sum.inputs[index], rewriting) {
            guard let (id, node) = rewriting.soleProducer(of: sum.inputs[index]),
                node.inputs.count <= IntegerConv2D.addend, node.outputs.count == 1,
                node.attributes["real"] == .floats([-.infinity, .infinity]),
                let weights = rewriting.constant(node, 1), weights.shape.rank == 4,
                // Depthwise kernels add nothing.
                weights.shape[1] > 1 || node.int("group") ?? 1 == 1
            else { continue }
            return (index, id, node)
        }
        return nil
    }
}

extension Rewriting {
    /// Gives `node`, an integer node with a real result that is to stand in the place of `id`, the bounds of the Relu
    /// and Clip nodes that follow, and the result of the last of them. It is to stand in that one's place then; nobody
    /// uses those before it any more.
    func addClamps(to node: inout Node, at id: GraphEditor.NodeID) -> GraphEditor.NodeID {
        var last = id
        var bounds = (lower: -Float.infinity, upper: Float.infinity)
        while let id = editor.soleConsumer(of: node.outputs[0]), let user = editor[id],
            ["Relu", "Clip"].contains(user.qualifiedType), user.inputs[0] == node.outputs[0],
            let activation = ActivationAttributes.activation(of: user, self),
            case .clamp(let lower, let upper) = activation
        {
            bounds = (lower: min(max(bounds.lower, lower), upper), upper: min(max(bounds.upper, lower), upper))
            (last, node.outputs) = (id, user.outputs)
        }
        IntegerOutput.real(lower: bounds.lower, upper: bounds.upper).write(to: &node)
        return last
    }
}
