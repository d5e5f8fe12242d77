internal import QTuneGraph
internal import QTuneTensor

/// Rewrites nodes of older operator sets to mean the same in set 13, the first with scales per channel.
enum OpsetConversion {
    static let target = 13
    /// Sets before this one have broadcasting by attributes and other forms that are not converted.
    static let oldest = 7

    /// The model in operator set 13 or newer. Throws with the name of the node that cannot be converted.
    static func convert(_ model: Model) throws -> Model {
        guard model.opset < target else { return model }
        guard model.opset >= oldest else {
            throw QTuneError(.unsupported, "operator set \(model.opset) is older than \(oldest)")
        }
        guard model.functions.isEmpty else {
            throw QTuneError(.unsupported, "the model defines functions of its own in operator set \(model.opset)")
        }
        var converted = model
        var editor = GraphEditor(model.graph)
        let ranks = FloatValues.ranks(model)
        for id in editor.nodeIDs {
            guard let node = editor[id], node.domain.isEmpty else { continue }
            try locating("node '\(node.label)' (\(node.opType))") {
                var step = NodeConversion(node: node, opset: model.opset, ranks: ranks)
                try step.convert(&editor)
                if step.node != node { editor.replace(id, with: step.node) }
                if let pending = step.pending { editor.insert(pending) }
            }
        }
        converted.graph = try editor.finish()
        converted.opsets[""] = target
        converted.irVersion = max(model.irVersion, 7)
        return converted
    }
}

/// One node on its way to operator set 13.
private struct NodeConversion {
    var node: Node
    let opset: Int
    let ranks: [String: Int]
    /// A node to add after `node`, which takes over its result.
    var pending: Node?

    mutating func convert(_ editor: inout GraphEditor) throws {
        guard node.subgraphs.isEmpty else { throw refusal("it has sub-graphs") }
        switch node.opType {
        case "Squeeze", "Unsqueeze": moveInts("axes", to: 1, &editor)
        case "ReduceSum": moveInts("axes", to: 1, &editor)
        case "Split": moveInts("split", to: 1, &editor)
        case "Clip" where opset < 11: convertClip(&editor)
        case "Pad" where opset < 11: try convertPad(&editor)
        case "Slice" where opset < 10: convertSlice(&editor)
        case "TopK" where opset < 10: try convertTopK(&editor)
        case "Dropout" where opset < 12: try convertDropout(&editor)
        case "Softmax", "LogSoftmax", "Hardmax": try convertSoftmax(&editor)
        case "Upsample": try convertUpsample(&editor)
        case "Resize" where opset < 11: try convertResize(&editor)
        case "BatchNormalization" where opset < 9: try dropAttribute("spatial", usual: 1)
        case "MaxPool", "AveragePool", "LpPool", "Conv", "ConvTranspose", "Gemm", "Flatten", "Gather", "Concat": break
        case let name where Self.unchanged.contains(name): break
        case "Scan" where opset < 9: throw refusal("its operands changed their meaning")
        default: throw refusal("how it changed since operator set \(opset) is not known here")
        }
        node.attributes["consumed_inputs"] = nil
    }

    /// Operators that only gained types between sets 7 and 13, or came after set 7 and did not change.
    private static let unchanged: Set<String> = [
        "Abs", "Acos", "Acosh", "Add", "And", "ArgMax", "ArgMin", "Asin", "Asinh", "Atan", "Atanh",
        "BatchNormalization",
        "Cast", "Ceil", "Clip", "Constant", "ConstantOfShape", "Cos", "Cosh", "DepthToSpace", "DequantizeLinear", "Div",
        "Dropout", "Elu", "Equal", "Erf", "Exp", "Expand", "Floor", "GlobalAveragePool", "GlobalLpPool",
        "GlobalMaxPool",
        "Greater", "HardSigmoid", "Identity", "InstanceNormalization", "IsNaN", "LRN", "LeakyRelu", "Less", "Log",
        "LpNormalization",
        "MatMul", "Max", "Mean", "MeanVarianceNormalization", "Min", "Mul", "Neg", "Not", "Or", "PRelu", "Pad", "Pow",
        "QuantizeLinear", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax",
        "ReduceMean",
        "ReduceMin", "ReduceProd", "ReduceSumSquare", "Relu", "Reshape", "Resize", "Round", "Selu", "Shape", "Shrink",
        "Sigmoid", "Sign",
        "Sin", "Sinh", "Size", "Slice", "Softplus", "Softsign", "SpaceToDepth", "Sqrt", "Sub", "Sum", "Tan", "Tanh",
        "ThresholdedRelu", "Tile", "TopK", "Transpose", "Where", "Xor", "DynamicQuantizeLinear", "ConvInteger",
        "MatMulInteger", "QLinearConv", "QLinearMatMul", "GatherElements", "ScatterND", "GatherND", "Mod", "NonZero",
    ]

    private func refusal(_ reason: String) -> QTuneError {
        QTuneError(.unsupported, "\(node.opType) cannot be converted from operator set \(opset): \(reason)")
    }

    private func int(_ name: String) -> Int64? {
        if case .int(let value) = node.attributes[name] { value } else { nil }
    }

    private func ints(_ name: String) -> [Int64]? {
        if case .ints(let values) = node.attributes[name] { values } else { nil }
    }

    private func float(_ name: String) -> Float? {
        if case .float(let value) = node.attributes[name] { value } else { nil }
    }

    /// Makes the attribute an operand.
    private mutating func moveInts(_ attribute: String, to index: Int, _ editor: inout GraphEditor) {
        guard let values = ints(attribute) else { return }
        node.attributes[attribute] = nil
        setOperand(index, Tensor(values), attribute, &editor)
    }

    private mutating func setOperand(_ index: Int, _ tensor: Tensor, _ name: String, _ editor: inout GraphEditor) {
        while node.inputs.count <= index { node.inputs.append("") }
        node.inputs[index] = editor.addInitializer(tensor, named: "\(node.outputs.first ?? node.name)_\(name)")
    }

    private mutating func dropAttribute(_ name: String, usual: Int64) throws {
        guard int(name) ?? usual == usual else { throw refusal("attribute '\(name)' is not \(usual)") }
        node.attributes[name] = nil
    }
}

extension NodeConversion {
    private mutating func convertClip(_ editor: inout GraphEditor) {
        for (index, name) in [(1, "min"), (2, "max")] {
            guard let bound = float(name) else { continue }
            node.attributes[name] = nil
            setOperand(index, Tensor(scalar: bound), name, &editor)
        }
    }

    private mutating func convertPad(_ editor: inout GraphEditor) throws {
        guard let pads = ints("pads") else { throw refusal("attribute 'pads' is missing") }
        let value = float("value") ?? 0
        node.attributes["pads"] = nil
        node.attributes["value"] = nil
        setOperand(1, Tensor(pads), "pads", &editor)
        if value != 0 { setOperand(2, Tensor(scalar: value), "value", &editor) }
    }

    private mutating func convertSlice(_ editor: inout GraphEditor) {
        moveInts("starts", to: 1, &editor)
        moveInts("ends", to: 2, &editor)
        moveInts("axes", to: 3, &editor)
    }

    private mutating func convertTopK(_ editor: inout GraphEditor) throws {
        guard let k = int("k") else { throw refusal("attribute 'k' is missing") }
        node.attributes["k"] = nil
        setOperand(1, Tensor([k]), "k", &editor)
    }

    /// At inference Dropout does nothing, so its ratio need not be kept.
    private mutating func convertDropout(_ editor: inout GraphEditor) throws {
        let mask = node.outputs.count > 1 ? node.outputs[1] : ""
        guard mask.isEmpty || !editor.isOutput(mask) && editor.consumers(of: mask).isEmpty else {
            throw refusal("its mask is used")
        }
        node = Node(
            "Identity", name: node.name, inputs: Array(node.inputs.prefix(1)), outputs: Array(node.outputs.prefix(1)))
    }

    /// Before set 13 all axes from `axis` on were taken together, and 1 was the default. Where that is not the last
    /// axis alone, the operand is made a matrix first and its shape restored afterwards.
    private mutating func convertSoftmax(_ editor: inout GraphEditor) throws {
        let axis = Int(int("axis") ?? 1)
        guard let operand = node.inputs.first, let result = node.outputs.first else {
            throw refusal("it has no operand")
        }
        node.attributes["axis"] = .int(-1)
        if let rank = ranks[operand], axis == -1 || axis == rank - 1 { return }
        let matrix = editor.freshName("\(result)_matrix")
        let normalized = editor.freshName("\(result)_flat")
        let shape = editor.freshName("\(result)_shape")
        editor.insert(Node("Flatten", inputs: [operand], outputs: [matrix], attributes: ["axis": .int(Int64(axis))]))
        editor.insert(Node("Shape", inputs: [operand], outputs: [shape]))
        node.inputs = [matrix]
        node.outputs = [normalized]
        pending = Node("Reshape", inputs: [normalized, shape], outputs: [result])
    }

    private mutating func convertUpsample(_ editor: inout GraphEditor) throws {
        if case .floats(let scales) = node.attributes["scales"] {
            node.attributes["scales"] = nil
            setOperand(1, Tensor(scales), "scales", &editor)
        }
        try convertResize(&editor)
    }

    /// Sets before 11 had (x, scales), asymmetric coordinates and rounding down.
    private mutating func convertResize(_ editor: inout GraphEditor) throws {
        guard node.inputs.count == 2 else { throw refusal("scales are missing") }
        node.opType = "Resize"
        node.inputs = [node.inputs[0], "", node.inputs[1]]
        node.attributes["coordinate_transformation_mode"] = .string("asymmetric")
        node.attributes["nearest_mode"] = .string("floor")
    }
}
