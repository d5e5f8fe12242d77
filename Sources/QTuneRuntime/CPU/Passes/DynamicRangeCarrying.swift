internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Lets the integer kernel that makes real values find their range where it stores, so that a DynamicQuantizeLinear of
/// them goes over them once, not twice. The range is that of the same numbers, and so the results are the same bits.
struct DynamicRangeCarrying: Pass {
    let name = "carry-dynamic-range"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], node.qualifiedType == "DynamicQuantizeLinear" else { continue }
            guard let range = Self.range(of: node.inputs[0], &rewriting) else {
                rewriting.refuse(node, "its operand is not made by an integer kernel that gives real numbers")
                continue
            }
            var carried = node
            (carried.opType, carried.domain) = (RangeQuantize.name, RangeQuantize.domain)
            carried.inputs.append(range)
            rewriting.editor.replace(id, with: carried)
            rewriting.matched(node)
        }
    }

    /// The value that holds the range of `value`, which its producer gives from now on.
    private static func range(of value: String, _ rewriting: inout Rewriting) -> String? {
        guard let id = rewriting.editor.producer(of: value), var producer = rewriting.editor[id],
            [IntegerConv2D.name, IntegerLinear.name].map({ "qtune.\($0)" }).contains(producer.qualifiedType),
            producer.attributes["real"] != nil
        else { return nil }
        if producer.outputs.count > 1 { return producer.outputs[1] }
        let name = rewriting.editor.freshName("\(value)_range")
        producer.outputs.append(name)
        rewriting.editor.replace(id, with: producer)
        rewriting.declare(name, RangeResult.inferred)
        return name
    }
}
