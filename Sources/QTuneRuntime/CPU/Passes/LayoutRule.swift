internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// How a node runs on NHWC images. Nodes that kernels only serve in NHWC are lowered wherever they stand; nodes that do
/// not care about the order are where an operand already is in NHWC.
enum LayoutRule {
    /// nil for a node that is to stay as it is.
    static func lowered(_ node: Node, _ images: ImageTable, _ rewriting: inout Rewriting) -> LoweredNode? {
        if let lowered = kernelRules[node.qualifiedType]?(node, &rewriting) { return lowered }
        guard node.inputs.contains(where: { images.isChannelsLast($0) }) else { return nil }
        return indifferentRules[node.qualifiedType]?(node, &rewriting)
    }

    /// May add constants to the graph.
    typealias Rule = @Sendable (Node, inout Rewriting) -> LoweredNode?

    private static let kernelRules: [String: Rule] = {
        var rules = ownRules
        for type in ["Conv", "ConvTranspose"] {
            rules[type] = { node, rewriting in convolution(node, rewriting, "\(type)2D") }
        }
        rules["MaxPool"] = { node, rewriting in
            // In float32 there is a kernel for either order.
            rewriting.value(node.inputs[0]).dtype == .float32 ? nil : pool(node, rewriting, MaxPool2D.name)
        }
        return rules
    }()

    /// The CPU's own operators that carry their order as an attribute.
    private static let ownRules: [String: Rule] = {
        var rules: [String: Rule] = [:]
        for type in CPUBackend.imageOperators {
            rules["qtune.\(type.name)"] = { node, _ in
                var lowered = node
                lowered.attributes[ImageOrder.attribute] = .int(1)
                return LoweredNode(node: lowered, images: type.imageOperands(of: node))
            }
        }
        return rules
    }()

    private static let indifferentRules: [String: Rule] = {
        var rules: [String: Rule] = [
            "Concat": concatenation, "Split": split, "Softmax": alongAxis, "LogSoftmax": alongAxis,
            "QuantizeLinear": quantization, "DequantizeLinear": quantization, "Slice": slice, "Pad": pad,
            "Resize": resize, "qtune.QuantizedConcat": concatenation, "DynamicQuantizeLinear": dynamicQuantization,
        ]
        for type in ["MaxPool", "AveragePool", "GlobalAveragePool"] {
            rules[type] = { node, rewriting in pool(node, rewriting, "\(type)2D") }
        }
        rules["GlobalMaxPool"] = globalMaximum
        rules["Upsample"] = upsample
        for type in unary { rules[type] = { node, _ in LoweredNode(node: node, images: [0]) } }
        for type in broadcasting { rules[type] = broadcast }
        for type in reductions { rules[type] = reduction }
        return rules
    }()

    /// Functions of each element of the first operand. Further operands are scalars.
    private static let unary = [
        "Relu", "Clip", "LeakyRelu", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "Elu", "Selu", "Celu", "Softplus",
        "Softsign", "Mish", "Gelu", "Exp", "Log", "Sqrt", "Abs", "Neg", "Erf", "Cast", "Identity", "Floor", "Ceil",
        "Round", "Reciprocal", "ThresholdedRelu", "Sign", "qtune.Activate", "qtune.QuantizedLookup", "qtune.Requantize",
    ]

    /// Functions of several operands that broadcast.
    private static let broadcasting = [
        "Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "Pow", "PRelu", "Where",
        "qtune.QuantizedAdd", "qtune.QuantizedMul",
    ]

    private static let reductions = [
        "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
        "ReduceLogSum", "ReduceLogSumExp",
    ]

    /// Convolutions and transposed ones over two axes, as the CPU's own operator `type`.
    @Sendable private static func convolution(_ node: Node, _ rewriting: Rewriting, _ type: String) -> LoweredNode? {
        guard let weights = rewriting.constant(node, 1), weights.dtype == .float32, weights.shape.rank == 4,
            node.inputs.count < 3 || node.inputs[2].isEmpty || rewriting.constant(node, 2) != nil,
            weights.count > 0, weights.shape[0] % Int(max(1, node.int("group") ?? 1)) == 0
        else { return nil }
        var lowered = node
        (lowered.opType, lowered.domain) = (type, "qtune")
        return LoweredNode(node: lowered, images: [0])
    }

    @Sendable private static func pool(_ node: Node, _ rewriting: Rewriting, _ type: String) -> LoweredNode? {
        let input = rewriting.value(node.inputs[0])
        guard input.rank == 4, node.outputs.count == 1 else { return nil }
        var lowered = node
        if node.opType == "MaxPool", input.dtype == .uint8 || input.dtype == .int8 {
            (lowered.opType, lowered.domain) = (QuantizedMaxPool2D.name, QuantizedMaxPool2D.domain)
            lowered.attributes[ImageOrder.attribute] = .int(1)
            return LoweredNode(node: lowered, images: [0])
        }
        guard input.dtype == .float32 else { return nil }
        (lowered.opType, lowered.domain) = (type, "qtune")
        return LoweredNode(node: lowered, images: [0])
    }

    private static let broadcast: Rule = { node, rewriting in
        for name in node.inputs {
            if let constant = rewriting.editor.constant(name) {
                guard constant.shape.rank <= 4, constant.dtype.bitWidth >= 8 else { return nil }
            } else {
                guard rewriting.value(name).rank == 4 else { return nil }
            }
        }
        return LoweredNode(node: node, images: Array(node.inputs.indices))
    }

    /// The axis in NHWC of an axis in NCHW, which may count from the end.
    static func channelsLast(_ axis: Int) -> Int? {
        ImageLayout.channelsLast.position(of: axis < 0 ? axis + 4 : axis)
    }

    private static let concatenation: Rule = { node, rewriting in
        guard let axis = node.int("axis"), let moved = channelsLast(Int(axis)),
            node.inputs.allSatisfy({ rewriting.value($0).rank == 4 })
        else { return nil }
        var lowered = node
        lowered.attributes["axis"] = .int(Int64(moved))
        return LoweredNode(node: lowered, images: Array(node.inputs.indices))
    }

    private static let split: Rule = { node, _ in
        guard let moved = channelsLast(Int(node.int("axis") ?? 0)) else { return nil }
        var lowered = node
        lowered.attributes["axis"] = .int(Int64(moved))
        return LoweredNode(node: lowered, images: [0])
    }

    private static let alongAxis: Rule = { node, rewriting in
        guard rewriting.opsets["", default: 1] >= 13, let moved = channelsLast(Int(node.int("axis") ?? -1)) else {
            return nil
        }
        var lowered = node
        lowered.attributes["axis"] = .int(Int64(moved))
        return LoweredNode(node: lowered, images: [0])
    }

    /// Its other results are numbers for the whole tensor.
    private static let dynamicQuantization: Rule = { node, _ in
        LoweredNode(node: node, images: [0], imageResults: [0])
    }

    private static let quantization: Rule = { node, rewriting in
        guard let scale = rewriting.constant(node, 1), node.int("block_size") ?? 0 == 0 else { return nil }
        if scale.count == 1, scale.shape.rank == 0 { return LoweredNode(node: node, images: [0]) }
        guard let moved = channelsLast(Int(node.int("axis") ?? 1)) else { return nil }
        var lowered = node
        lowered.attributes["axis"] = .int(Int64(moved))
        return LoweredNode(node: lowered, images: [0])
    }
}
