internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Lets the kernel of an integer convolution add the other operand of a QuantizedAdd where it stores. The kernel rounds
/// its own result first, as the two nodes did, so that the bits stay.
struct IntegerResidualFusion: Pass {
    let name = "fuse-integer-residual"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            // A value added to itself cannot be both the kernel's sum and what the kernel adds.
            guard let node = rewriting.editor[id], node.qualifiedType == "qtune.\(QuantizedAdd.name)",
                node.inputs.count == 2, node.inputs[0] != node.inputs[1]
            else { continue }
            let sides = [("a", 0), ("b", 1)].compactMap { prefix, index in
                Self.convolution(node.inputs[index], rewriting).map { (prefix, index, $0.id, $0.node) }
            }
            guard let (prefix, index, producer, convolution) = sides.first else {
                rewriting.refuse(node, "neither operand is made, for it alone, by a convolution that can add")
                continue
            }
            let other = 1 - index
            guard let lengths = rewriting.value(node.inputs[other]).dimensions, !lengths.contains(.unknown),
                lengths == rewriting.value(node.inputs[index]).dimensions
            else {
                rewriting.refuse(node, "its operands are not known to have the same shape")
                continue
            }
            rewriting.editor.remove(producer)
            rewriting.editor.replace(
                id, with: Self.fused(convolution, node, addend: other, prefix: prefix == "a" ? "b" : "a"))
            rewriting.matched(node)
        }
    }

    /// The convolution that makes `value` for one user, where its kernel can add.
    private static func convolution(
        _ value: String, _ rewriting: Rewriting
    ) -> (id: GraphEditor.NodeID, node: Node)? {
        guard let (id, node) = rewriting.soleProducer(of: value),
            node.qualifiedType == "qtune.\(IntegerConv2D.name)", node.inputs.count <= 3, node.attributes["real"] == nil,
            let weights = rewriting.constant(node, 1), weights.shape.rank == 4
        else { return nil }
        // Depthwise kernels add nothing.
        return weights.shape[1] > 1 || node.int("group") ?? 1 == 1 ? (id, node) : nil
    }

    /// `convolution` with the operand `addend` of `sum`, whose quantization has the attributes of `prefix`.
    private static func fused(_ convolution: Node, _ sum: Node, addend: Int, prefix: String) -> Node {
        var fused = convolution
        fused.inputs += [String](repeating: "", count: IntegerConv2D.addend - fused.inputs.count)
        fused.inputs.append(sum.inputs[addend])
        fused.outputs = sum.outputs
        for suffix in ["scale", "zero_point", "type"] {
            fused.attributes["addend_\(suffix)"] = sum.attributes["\(prefix)_\(suffix)"]
            fused.attributes["total_\(suffix)"] = sum.attributes["y_\(suffix)"]
        }
        fused.attributes["total_clamp"] = sum.attributes["clamp"]
        return fused
    }
}
