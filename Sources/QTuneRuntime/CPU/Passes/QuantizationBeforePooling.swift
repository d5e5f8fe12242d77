internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Quantizes images dynamically before the largest of their values are picked, which is done on 8-bit integers then.
/// Quantizing keeps the order of numbers; and where none is negative and windows leave no pixel out, the range of all
/// is that of the largest, 0 included.
struct QuantizationBeforePooling: Pass {
    let name = "quantize-before-pooling"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], node.qualifiedType == "DynamicQuantizeLinear",
                let made = rewriting.editor.producer(of: node.inputs[0]).flatMap({ rewriting.editor[$0] }),
                made.qualifiedType == "qtune.\(MaxPool2D.name)"
            else { continue }
            guard let (pool, pooling) = rewriting.soleProducer(of: node.inputs[0]) else {
                rewriting.refuse(node, "the largest values are used elsewhere, too")
                continue
            }
            guard Self.isNeverNegative(pooling.inputs[0], rewriting), Self.leavesNothingOut(pooling) else {
                rewriting.refuse(node, "the range of the largest values is not known to be that of all")
                continue
            }
            var quantizer = node
            var integers = pooling
            quantizer.inputs[0] = pooling.inputs[0]
            quantizer.outputs[0] = rewriting.editor.freshName("\(node.outputs[0])_all")
            rewriting.declare(
                quantizer.outputs[0], .tensor(.uint8, rewriting.value(pooling.inputs[0]).dimensions))
            (integers.opType, integers.domain) = (QuantizedMaxPool2D.name, QuantizedMaxPool2D.domain)
            integers.attributes[ImageOrder.attribute] = .int(1)
            (integers.inputs[0], integers.outputs) = (quantizer.outputs[0], [node.outputs[0]])
            rewriting.editor.replace(id, with: integers)
            rewriting.editor.replace(pool, with: quantizer)
            rewriting.matched(node)
        }
    }

    private static func isNeverNegative(_ value: String, _ rewriting: Rewriting) -> Bool {
        guard let id = rewriting.editor.producer(of: value), let node = rewriting.editor[id],
            node.qualifiedType == "qtune.\(IntegerConv2D.name)", case .floats(let ends)? = node.attributes["real"]
        else { return false }
        return ends.first.map { $0 >= 0 } ?? false
    }

    /// Whether the windows of `pooling` cover every pixel, whatever the size of the image.
    private static func leavesNothingOut(_ pooling: Node) -> Bool {
        guard let kernel = pooling.ints("kernel_shape"), kernel.count == 2,
            (pooling.ints("dilations") ?? [1, 1]).allSatisfy({ $0 == 1 }),
            pooling.string("auto_pad") ?? "NOTSET" == "NOTSET"
        else { return false }
        let strides = pooling.ints("strides") ?? [1, 1]
        let pads = pooling.ints("pads") ?? [0, 0, 0, 0]
        guard strides.count == 2, pads.count == 4 else { return false }
        // The last window may stop short of the end, padding included, by less than a stride.
        return (0..<2).allSatisfy { kernel[$0] >= strides[$0] && pads[2 + $0] >= strides[$0] - 1 }
    }
}
