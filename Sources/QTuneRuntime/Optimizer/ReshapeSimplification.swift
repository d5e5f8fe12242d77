internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Gives a Reshape a constant target where all lengths but one are known, or are those of the operand's axes at the
/// same places. Exporters compute such targets from the shape of the operand so that dimensions, most often the batch
/// and the length of the sequence, stay open. A network is taken to be sound: a target that does not fit the operand, an
/// error by the standard, may come out as one that does.
struct ReshapeSimplification: Pass {
    let name = "simplify-reshapes"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard var node = rewriting.editor[id], node.qualifiedType == "Reshape", node.inputs.count == 2,
                rewriting.constant(node, 1) == nil,
                let elements = rewriting.value(node.inputs[1]).elements
            else { continue }
            let copies = node.int("allowzero") ?? 0 == 0
            let lengths = copies ? rewriting.value(node.inputs[0]).dimensions ?? [] : []
            guard let target = Self.target(elements, lengths: lengths) else {
                rewriting.refuse(node, "more than one length of the target shape depends on the operands")
                continue
            }
            node.inputs[1] = rewriting.editor.addInitializer(Tensor(target), named: "\(node.label)_shape")
            rewriting.editor.replace(id, with: node)
            rewriting.matched(node)
        }
    }

    /// - Parameter lengths: the axes of the operand that a 0 may stand for.
    private static func target(_ elements: [Dimension], lengths: [Dimension]) -> [Int64]? {
        let open = elements.indices.filter { elements[$0].value == nil }
        if open.count <= 1, elements.allSatisfy({ ($0.value ?? 1) > 0 }) {
            return elements.map { Int64($0.value ?? -1) }
        }
        // An operand without elements needs its -1, if there is one, to be the exporter's own.
        guard open.allSatisfy({ $0 < lengths.count && elements[$0] != .unknown && elements[$0] == lengths[$0] }),
            elements.allSatisfy({ $0.value ?? 1 != 0 })
        else { return nil }
        return elements.map { Int64($0.value ?? 0) }
    }
}
