internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Lets one node stand for all that compute the same shapes, indices or conditions from the same operands. Nodes with
/// other results stay: most fusions ask that a value has one user.
struct EqualNodeJoining: Pass {
    let name = "join-equal-nodes"
    let purpose: String

    private static let joinedTypes: Set<DType?> = [.int64, .int32, .bool]
    /// Constants of more bytes are the same only where they are one.
    private static let comparedBytes = 256

    /// What a node computes.
    private struct Key: Hashable {
        let type: String
        let operands: [Operand]
        let resultCount: Int
    }

    private enum Operand: Hashable {
        case value(String)
        case constant(DType, Shape, [UInt8])
    }

    func run(_ rewriting: inout Rewriting) throws {
        var first: [Key: [Node]] = [:]
        var operands: [String: Operand] = [:]
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], node.subgraphs.isEmpty, node.overload.isEmpty,
                node.outputs.allSatisfy({ Self.joinedTypes.contains(rewriting.value($0).dtype) })
            else { continue }
            for name in node.inputs where operands[name] == nil { operands[name] = Self.operand(name, rewriting) }
            let key = Key(
                type: node.qualifiedType, operands: node.inputs.compactMap { operands[$0] },
                resultCount: node.outputs.count)
            guard let twin = first[key]?.first(where: { $0.attributes == node.attributes }) else {
                first[key, default: []].append(node)
                continue
            }
            guard !node.outputs.contains(where: rewriting.editor.isOutput),
                (try? rewriting.registry.make(node, opsets: rewriting.opsets))?.isDeterministic == true
            else { continue }
            rewriting.editor.remove(id)
            for (mine, other) in zip(node.outputs, twin.outputs) { rewriting.editor.replaceUses(of: mine, with: other) }
            rewriting.matched(node)
        }
    }

    private static func operand(_ name: String, _ rewriting: Rewriting) -> Operand {
        guard let tensor = rewriting.editor.constant(name), tensor.dtype != .string,
            tensor.byteCount <= comparedBytes
        else { return .value(name) }
        return .constant(tensor.dtype, tensor.shape, tensor.withBytes { bytes in bytes.indices.map { bytes[$0] } })
    }
}
