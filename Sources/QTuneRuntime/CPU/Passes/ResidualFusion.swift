internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Lets the kernel of a convolution or matrix product add the other operand of an Add.
struct ResidualFusion: Pass {
    let name = "fuse-residual"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            // A value added to itself cannot be both the kernel's sum and what the kernel adds.
            guard let node = rewriting.editor[id], node.qualifiedType == "Add", node.inputs.count == 2,
                node.inputs[0] != node.inputs[1]
            else { continue }
            let result = rewriting.value(node.outputs[0]).dimensions
            for (operand, other) in [(1, 0), (0, 1)] {
                guard let (producer, made) = rewriting.soleProducer(of: node.inputs[operand]),
                    ["qtune.Conv2D", "qtune.Linear"].contains(made.qualifiedType), made.inputs.count < 4,
                    made.attributes["activation"] == nil
                else { continue }
                let addend = rewriting.value(node.inputs[other])
                guard let lengths = addend.dimensions, !lengths.contains(.unknown), addend.dtype == .float32,
                    lengths == rewriting.value(node.inputs[operand]).dimensions, result == nil || result == lengths
                else {
                    rewriting.refuse(node, "its operands are not known to have the same shape")
                    continue
                }
                var fused = made
                while fused.inputs.count < 3 { fused.inputs.append("") }
                fused.inputs.append(node.inputs[other])
                rewriting.editor.replace(producer, with: fused)
                if rewriting.bypass(id, with: node.inputs[operand]) { rewriting.matched(node) }
                break
            }
        }
    }
}
