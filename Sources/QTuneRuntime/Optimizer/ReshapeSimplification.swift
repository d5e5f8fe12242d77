internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Gives a Reshape a constant target where all lengths but one are known. Exporters compute such targets from the
/// shape of the operand so that one dimension, most often the batch, stays open.
struct ReshapeSimplification: Pass {
    let name = "simplify-reshapes"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard var node = rewriting.editor[id], node.qualifiedType == "Reshape", node.inputs.count == 2,
                node.inputs.count > 1, rewriting.constant(node, 1) == nil,
                let elements = rewriting.value(node.inputs[1]).elements
            else { continue }
            let open = elements.indices.filter { elements[$0].value == nil }
            guard open.count <= 1, elements.allSatisfy({ ($0.value ?? 1) > 0 }) else {
                rewriting.refuse(node, "more than one length of the target shape depends on the operands")
                continue
            }
            let target = Tensor(elements.map { Int64($0.value ?? -1) })
            node.inputs[1] = rewriting.editor.addInitializer(target, named: "\(node.label)_shape")
            rewriting.editor.replace(id, with: node)
            rewriting.matched(node)
        }
    }
}
