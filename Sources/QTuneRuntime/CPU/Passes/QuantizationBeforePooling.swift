internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Quantizes images dynamically before the largest of their values are picked, which is done on 8-bit integers then.
/// Quantizing keeps the order of numbers, infinities too; and where none is negative and windows leave no pixel out, the
/// range of all is that of the largest, 0 included.
///
/// NaN has no place in that order: a window that sees one gives NaN, which is quantized to the lowest integer, while
/// the largest of the integers under it is that of another pixel. So the images must be such as can hold none.
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
            guard let image = Self.convolution(making: pooling.inputs[0], rewriting), Self.isNeverNegative(image),
                Self.leavesNothingOut(pooling)
            else {
                rewriting.refuse(node, "the range of the largest values is not known to be that of all")
                continue
            }
            guard Self.isFreeOfNaN(image, rewriting) else {
                rewriting.refuse(node, "some of the values may be NaN beside others that are numbers")
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

    private static func convolution(making value: String, _ rewriting: Rewriting) -> Node? {
        guard let id = rewriting.editor.producer(of: value), let node = rewriting.editor[id],
            node.qualifiedType == "qtune.\(IntegerConv2D.name)"
        else { return nil }
        return node
    }

    private static func isNeverNegative(_ convolution: Node) -> Bool {
        guard case .floats(let ends)? = convolution.attributes["real"] else { return false }
        return ends.first.map { $0 >= 0 } ?? false
    }

    /// Whether no result of `convolution` is NaN unless all are, which quantize to 0 pooled or not. A sum of integers
    /// times a finite scale, plus a finite bias, is none. The scale of the run is finite, or else so large that the
    /// quantizer makes zero points of all numbers, whose sums times infinity are NaN everywhere.
    private static func isFreeOfNaN(_ convolution: Node, _ rewriting: Rewriting) -> Bool {
        guard convolution.inputs.count == IntegerConv2D.addend,
            case .floats(let scales)? = convolution.attributes["weight_scales"],
            scales.allSatisfy({ abs($0) <= Self.largestScale }),
            let quantizer = rewriting.editor.producer(of: convolution.inputs[4]).flatMap({ rewriting.editor[$0] }),
            quantizer.qualifiedType == "DynamicQuantizeLinear", quantizer.outputs.count == 3,
            convolution.inputs[3...4] == [quantizer.outputs[2], quantizer.outputs[1]],
            source(of: convolution.inputs[0], rewriting) == quantizer.outputs[0]
        else { return false }
        guard !convolution.inputs[2].isEmpty else { return true }
        return rewriting.constant(convolution, 2)?.array(of: Float.self).allSatisfy(\.isFinite) ?? false
    }

    /// The product of such a scale of weights and of any finite scale of a run, which is the largest float over 255 at
    /// most, is finite.
    private static let largestScale: Float = 127

    /// The value that `integers` are picked from.
    private static func source(of integers: String, _ rewriting: Rewriting) -> String {
        var value = integers
        while let node = rewriting.editor.producer(of: value).flatMap({ rewriting.editor[$0] }),
            ["Transpose", "qtune.ChannelsLast", "qtune.\(QuantizedMaxPool2D.name)"].contains(node.qualifiedType)
        {
            value = node.inputs[0]
        }
        return value
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
