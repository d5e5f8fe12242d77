internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Lets the integer kernel that makes real values find their range where it stores, so that a DynamicQuantizeLinear of
/// them goes over them once, not twice. Where nobody else wants the real values, the kernel's node quantizes them itself.
/// The range is that of the same numbers, and so the results are the same bits.
struct DynamicRangeCarrying: Pass {
    let name = "carry-dynamic-range"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], node.qualifiedType == "DynamicQuantizeLinear" else { continue }
            if Self.quantizeWhereMade(node, id, &rewriting) {
                rewriting.matched(node)
                continue
            }
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

    /// Elements of a real image that stays in a core's cache until it is quantized. A larger one lies better in planned
    /// memory.
    private static let mostElements = 1 << 18

    /// Lets the convolution that makes the operand of `quantizer`, for it alone, give its results. One that adds an image
    /// writes over it, and so needs it to be of the same type.
    private static func quantizeWhereMade(
        _ quantizer: Node, _ id: GraphEditor.NodeID, _ rewriting: inout Rewriting
    ) -> Bool {
        guard let (producerID, producer) = rewriting.soleProducer(of: quantizer.inputs[0]),
            producer.qualifiedType == "qtune.\(IntegerConv2D.name)", producer.attributes["real"] != nil,
            producer.outputs.count == 1, producer.int(ImageOrder.attribute) == 1,
            producer.inputs.count <= IntegerConv2D.addend,
            let lengths = rewriting.value(quantizer.inputs[0]).dimensions?.dropFirst().compactMap(\.value),
            lengths.count == 3, lengths.allSatisfy({ $0 <= mostElements }), lengths.reduce(1, *) <= mostElements
        else { return false }
        var fused = producer
        fused.attributes[IntegerConv2D.quantizing] = .int(1)
        fused.outputs = quantizer.outputs
        rewriting.editor.remove(id)
        rewriting.editor.replace(producerID, with: fused)
        return true
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
