internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// What a node between DequantizeLinear and QuantizeLinear becomes.
enum IntegerRule {
    typealias Outcome = Result<Node, IntegerRefusal>

    /// The integer node for `anchor`, whose results the caller sets to those of the quantizer.
    static func lowered(_ anchor: Node, _ quantizer: Quantizer, _ rewriting: inout Rewriting) -> Outcome {
        let output = IntegerOutput.quantized(quantizer.parameters, clamp: quantizer.clamp)
        switch anchor.qualifiedType {
        case "Conv": return IntegerProducts.convolution(anchor, output, rewriting)
        case "Gemm", "MatMul": return IntegerProducts.matrix(anchor, output, rewriting)
        case "Add": return binary(QuantizedAdd.name, anchor, quantizer, rewriting)
        case "Mul": return binary(QuantizedMul.name, anchor, quantizer, rewriting)
        case "Concat": return concatenation(anchor, quantizer, rewriting)
        case "MaxPool": return maxPool(anchor, quantizer, rewriting)
        case "AveragePool", "GlobalAveragePool": return averagePool(anchor, quantizer, rewriting)
        default:
            if movements.contains(anchor.qualifiedType) { return movement(anchor, quantizer, &rewriting) }
            return functions.contains(anchor.qualifiedType)
                ? IntegerTable.lookup(anchor, quantizer, rewriting)
                : .failure(.init("no integer kernel does \(anchor.qualifiedType)"))
        }
    }

    /// Functions of each element that depend on nothing else; parameters are attributes or constants.
    private static let functions: Set<String> = [
        "Sigmoid", "Tanh", "LeakyRelu", "HardSwish", "HardSigmoid", "Elu", "Selu", "Celu", "Softplus", "Softsign",
        "Mish", "Gelu", "Exp", "Sqrt", "Abs", "Neg", "Erf", "ThresholdedRelu", "Floor", "Ceil", "Round", "Sign",
        "qtune.Activate",
    ]

    /// Operators that move elements of their first operand and compute nothing.
    private static let movements: Set<String> = [
        "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Slice", "Expand", "Tile", "Gather",
        "DepthToSpace", "SpaceToDepth", "Pad", "Resize", "qtune.ChannelShuffle",
    ]

    private static func binary(
        _ type: String, _ node: Node, _ quantizer: Quantizer, _ rewriting: Rewriting
    ) -> Outcome {
        let values = node.inputs.compactMap { rewriting.quantized($0) }
        guard values.count == 2, node.inputs.count == 2 else {
            return .failure(.init("an operand is not dequantized from 8 bits with one scale"))
        }
        guard values.allSatisfy({ $0.parameters.dtype == quantizer.parameters.dtype }) else {
            return .failure(.init("its operands and its result differ in type"))
        }
        var made = Node(type, domain: "qtune", name: node.name, inputs: values.map(\.integers), outputs: [])
        QuantizationAttributes.write(values[0].parameters, "a", to: &made)
        QuantizationAttributes.write(values[1].parameters, "b", to: &made)
        QuantizationAttributes.write(quantizer.parameters, "y", to: &made)
        ClampAttribute.write(quantizer.clamp, to: &made)
        return .success(made)
    }

    private static func concatenation(_ node: Node, _ quantizer: Quantizer, _ rewriting: Rewriting) -> Outcome {
        let values = node.inputs.compactMap { rewriting.quantized($0) }
        guard values.count == node.inputs.count, let axis = node.int("axis") else {
            return .failure(.init("an operand is not dequantized from 8 bits with one scale"))
        }
        var made = Node(
            QuantizedConcat.name, domain: "qtune", name: node.name, inputs: values.map(\.integers), outputs: [],
            attributes: ["axis": .int(axis)])
        QuantizedConcat.write(values.map(\.parameters), to: &made)
        QuantizationAttributes.write(quantizer.parameters, "y", to: &made)
        ClampAttribute.write(quantizer.clamp, to: &made)
        return .success(made)
    }

    private static func maxPool(_ node: Node, _ quantizer: Quantizer, _ rewriting: Rewriting) -> Outcome {
        guard let x = rewriting.quantized(node.inputs[0]), x.parameters == quantizer.parameters, quantizer.clamp == nil
        else { return .failure(.init("its operand is not dequantized with the parameters of its result")) }
        guard node.outputs.count == 1, rewriting.value(node.inputs[0]).rank == 4 else {
            return .failure(.init("it does not pool images, or it gives indices"))
        }
        return .success(
            Node(
                QuantizedMaxPool2D.name, domain: "qtune", name: node.name, inputs: [x.integers], outputs: [],
                attributes: node.attributes))
    }

    private static func averagePool(_ node: Node, _ quantizer: Quantizer, _ rewriting: Rewriting) -> Outcome {
        guard let x = rewriting.quantized(node.inputs[0]) else {
            return .failure(.init("its operand is not dequantized from 8 bits with one scale"))
        }
        guard rewriting.value(node.inputs[0]).rank == 4, quantizer.clamp == nil else {
            return .failure(.init("it does not pool images, or a clamp follows it"))
        }
        guard node.int("ceil_mode") ?? 0 == 0 || node.int("count_include_pad") ?? 0 == 0 else {
            return .failure(.init("padding counts in windows that are rounded up"))
        }
        var made = Node(
            QuantizedAveragePool2D.name, domain: "qtune", name: node.name, inputs: [x.integers], outputs: [],
            attributes: node.attributes)
        QuantizationAttributes.write(x.parameters, "x", to: &made)
        QuantizationAttributes.write(quantizer.parameters, "y", to: &made)
        return .success(made)
    }

    /// The node on the integers, and a Requantize behind it where the result has other parameters.
    private static func movement(_ node: Node, _ quantizer: Quantizer, _ rewriting: inout Rewriting) -> Outcome {
        guard let x = rewriting.quantized(node.inputs[0]), node.outputs.count == 1 else {
            return .failure(.init("its operand is not dequantized from 8 bits with one scale"))
        }
        var moved = node
        moved.inputs[0] = x.integers
        switch node.opType {
        case "Resize":
            guard node.string("mode") ?? "nearest" == "nearest",
                node.string("coordinate_transformation_mode") != "tf_crop_and_resize"
            else { return .failure(.init("it computes new values between its operand's")) }
        case "Pad":
            guard let value = paddingValue(node, rewriting) else {
                return .failure(.init("the padding value is not constant"))
            }
            let integer = x.parameters.integer(value)
            guard Float(integer - x.parameters.zeroPoints[0]) * x.parameters.scales[0] == value else {
                return .failure(.init("the padding value is no integer of its operand's scale"))
            }
            guard node.attributes["pads"] == nil else { return .failure(.init("its operator set is older than 11")) }
            while moved.inputs.count < 3 { moved.inputs.append("") }
            moved.inputs[2] = rewriting.editor.addInitializer(
                x.parameters.scalar(integer), named: "\(node.label)_padding")
        default: break
        }
        if x.parameters == quantizer.parameters, quantizer.clamp == nil { return .success(moved) }
        let name = rewriting.editor.freshName("\(node.outputs[0])_integers")
        moved.outputs = [name]
        rewriting.editor.insert(moved)
        rewriting.declare(name, .tensor(x.parameters.dtype, rewriting.value(node.outputs[0]).dimensions))
        var made = Node(Requantize.name, domain: "qtune", inputs: [name], outputs: [])
        QuantizationAttributes.write(x.parameters, "x", to: &made)
        QuantizationAttributes.write(quantizer.parameters, "y", to: &made)
        ClampAttribute.write(quantizer.clamp, to: &made)
        return .success(made)
    }

    private static func paddingValue(_ node: Node, _ rewriting: Rewriting) -> Float? {
        guard node.inputs.count > 2, !node.inputs[2].isEmpty else { return 0 }
        if let value = rewriting.quantized(node.inputs[2]),
            let integer = rewriting.editor.constant(value.integers)?.integers?.first
        {
            return Float(Int32(clamping: integer) - value.parameters.zeroPoints[0]) * value.parameters.scales[0]
        }
        guard let tensor = rewriting.constant(node, 2), tensor.dtype == .float32, tensor.count == 1 else { return nil }
        return tensor.array(of: Float.self)[0]
    }
}

extension QuantizationParameters {
    /// An integer as a tensor of this type without axes.
    fileprivate func scalar(_ integer: Int32) -> Tensor {
        dtype == .uint8
            ? Tensor(scalar: UInt8(clamping: integer)) : Tensor(scalar: Int8(clamping: integer))
    }
}
