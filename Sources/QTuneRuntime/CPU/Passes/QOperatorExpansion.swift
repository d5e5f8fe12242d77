internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Writes operators with quantized operands (QLinearConv, com.microsoft.QLinearAdd, ...) as DequantizeLinear, the plain
/// operator, and QuantizeLinear. Both forms of a network then take the same way to integer kernels and give the same
/// bits.
struct QOperatorExpansion: Pass {
    let name = "expand-quantized-operators"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], let form = Self.forms[node.qualifiedType] else { continue }
            if Self.expand(node, id, form, &rewriting) {
                rewriting.matched(node)
            } else {
                rewriting.refuse(node, "its operands are not those that the operator takes")
            }
        }
    }

    /// How an operator lists its operands.
    private struct Form {
        /// The plain operator.
        let type: String
        /// Where each quantized operand starts: the integers, the scale and the zero point follow one another.
        let operands: [Int]
        /// Where scale and zero point of the result stand.
        let result: Int
        /// Where an int32 bias stands, whose scale is the product of those of the first two operands.
        var bias: Int?
    }

    private static let forms: [String: Form] = [
        "QLinearConv": Form(type: "Conv", operands: [0, 3], result: 6, bias: 8),
        "QLinearMatMul": Form(type: "MatMul", operands: [0, 3], result: 6),
        "com.microsoft.QGemm": Form(type: "Gemm", operands: [0, 3], result: 7, bias: 6),
        "com.microsoft.QLinearAdd": Form(type: "Add", operands: [0, 3], result: 6),
        "com.microsoft.QLinearMul": Form(type: "Mul", operands: [0, 3], result: 6),
        "com.microsoft.QLinearSigmoid": Form(type: "Sigmoid", operands: [0], result: 3),
        "com.microsoft.QLinearLeakyRelu": Form(type: "LeakyRelu", operands: [0], result: 3),
        "com.microsoft.QLinearAveragePool": Form(type: "AveragePool", operands: [0], result: 3),
        "com.microsoft.QLinearGlobalAveragePool": Form(type: "GlobalAveragePool", operands: [0], result: 3),
        "com.microsoft.QLinearSoftmax": Form(type: "Softmax", operands: [0], result: 3),
        "com.microsoft.QLinearReduceMean": Form(type: "ReduceMean", operands: [0], result: 3),
        "com.microsoft.QLinearConcat": Form(type: "Concat", operands: [], result: 0),
    ]

    private static func expand(
        _ node: Node, _ id: GraphEditor.NodeID, _ form: Form, _ rewriting: inout Rewriting
    ) -> Bool {
        var form = form
        if form.type == "Concat" {
            guard node.inputs.count >= 5, (node.inputs.count - 2).isMultiple(of: 3) else { return false }
            form = Form(type: "Concat", operands: Array(stride(from: 2, to: node.inputs.count, by: 3)), result: 0)
        }
        guard node.inputs.count >= form.result + 1, form.operands.allSatisfy({ $0 + 1 < node.inputs.count }),
            node.int("channels_last") ?? 0 == 0, node.outputs.count == 1
        else { return false }
        let axes = form.operands.indices.map { weightAxis(of: form.type, operand: $0, node) }
        var inputs = zip(form.operands, axes).map { dequantized(node, at: $0, axis: $1, &rewriting) }
        if let bias = form.bias, bias < node.inputs.count, !node.inputs[bias].isEmpty {
            guard let name = dequantizedBias(node, at: bias, &rewriting) else { return false }
            inputs.append(name)
        }
        let real = rewriting.editor.freshName("\(node.outputs[0])_real")
        var plain = Node(form.type, name: node.name, inputs: inputs, outputs: [real], attributes: node.attributes)
        plain.attributes["channels_last"] = nil
        plain.attributes["opset"] = nil
        let parameters =
            [node.inputs[form.result]] + (form.result + 1 < node.inputs.count ? [node.inputs[form.result + 1]] : [])
        rewriting.editor.insert(plain)
        rewriting.declare(real, .tensor(.float32, rewriting.value(node.outputs[0]).dimensions))
        rewriting.editor.replace(id, with: Node("QuantizeLinear", inputs: [real] + parameters, outputs: node.outputs))
        return true
    }

    /// The axis along which the scales of an operand may run.
    private static func weightAxis(of type: String, operand: Int, _ node: Node) -> Int? {
        guard operand == 1 else { return nil }
        switch type {
        case "Conv": return 0
        case "MatMul": return 1
        case "Gemm": return node.int("transB") ?? 0 != 0 ? 0 : 1
        default: return nil
        }
    }

    private static func dequantized(_ node: Node, at index: Int, axis: Int?, _ rewriting: inout Rewriting) -> String {
        let name = rewriting.editor.freshName("\(node.inputs[index])_real")
        let operands = Array(node.inputs[index..<min(index + 3, node.inputs.count)])
        rewriting.editor.insert(
            Node(
                "DequantizeLinear", inputs: operands, outputs: [name],
                attributes: axis.map { ["axis": .int(Int64($0))] } ?? [:]))
        rewriting.declare(name, .tensor(.float32, rewriting.value(node.inputs[index]).dimensions))
        return name
    }

    /// The bias with the scale that it has by definition; nil where that is not constant.
    private static func dequantizedBias(_ node: Node, at index: Int, _ rewriting: inout Rewriting) -> String? {
        guard let x = rewriting.constant(node, 1), let w = rewriting.constant(node, 4), x.dtype == .float32,
            w.dtype == .float32, x.count == 1
        else { return nil }
        let factor = x.array(of: Float.self)[0]
        let scales = w.array(of: Float.self).map { $0 * factor }
        let scale = rewriting.editor.addInitializer(
            scales.count == 1 ? Tensor(scalar: scales[0]) : Tensor(scales), named: "\(node.inputs[index])_scale")
        let name = rewriting.editor.freshName("\(node.inputs[index])_real")
        rewriting.editor.insert(
            Node(
                "DequantizeLinear", inputs: [node.inputs[index], scale], outputs: [name], attributes: ["axis": .int(0)])
        )
        return name
    }
}
