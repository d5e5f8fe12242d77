internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Element types of a graph's values: as inferred, as declared, or else by what operators of that name do to types.
/// Where nothing is known a value has the type of its producer's first operand.
struct FloatValues {
    private let types: [String: DType]
    private let graph: Graph

    init(_ model: Model) {
        graph = model.graph
        var types = ((try? ShapeInference.infer(model)) ?? [:]).compactMapValues(\.dtype)
        for info in graph.inputs + graph.outputs + Array(graph.valueInfo.values) where types[info.name] == nil {
            types[info.name] = info.type?.dtype
        }
        for (name, tensor) in graph.initializers { types[name] = tensor.dtype }
        for node in graph.nodes {
            let result = Self.resultType(of: node, operands: node.inputs.map { types[$0] })
            for (index, output) in node.outputs.enumerated() where !output.isEmpty && types[output] == nil {
                types[output] = index == 0 ? result : Self.furtherResultType(of: node, first: result)
            }
        }
        self.types = types
    }

    /// Whether `value` holds float32, as far as is known.
    func isFloat(_ value: String) -> Bool { types[value] == .float32 }

    /// The float32 values that are not constant, in the order in which they are made.
    var activations: [String] {
        let inputs = graph.requiredInputs.map(\.name)
        return (inputs + graph.nodes.flatMap(\.outputs)).filter { !$0.isEmpty && isFloat($0) }
    }

    /// How many axes values have, where that is declared or follows from producers that keep or set it.
    static func ranks(_ model: Model) -> [String: Int] {
        let graph = model.graph
        var ranks: [String: Int] = [:]
        for info in graph.inputs + graph.outputs + Array(graph.valueInfo.values) {
            ranks[info.name] = info.type?.dimensions?.count
        }
        for (name, tensor) in graph.initializers { ranks[name] = tensor.shape.rank }
        for node in graph.nodes {
            guard let output = node.outputs.first, ranks[output] == nil else { continue }
            let operands = node.inputs.map { ranks[$0] }
            switch node.opType {
            case "Gemm", "Flatten": ranks[output] = 2
            case "Reshape": ranks[output] = node.inputs.count > 1 ? graph.initializers[node.inputs[1]]?.count : nil
            case "Squeeze", "Unsqueeze", "Gather", "MatMul", "Shape", "Constant": continue
            case "Add", "Mul", "Sub", "Div", "Max", "Min", "Sum": ranks[output] = operands.compactMap { $0 }.max()
            default: ranks[output] = operands.first ?? nil
            }
        }
        return ranks
    }

    private static func resultType(of node: Node, operands: [DType?]) -> DType? {
        switch node.opType {
        case "Shape", "Size", "NonZero", "ArgMax", "ArgMin", "NonMaxSuppression": .int64
        case "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Not", "And", "Or", "Xor", "IsNaN", "IsInf":
            .bool
        case "Cast":
            if case .int(let type) = node.attributes["to"] {
                DType(rawValue: Int32(truncatingIfNeeded: type))
            } else {
                nil
            }
        case "Constant": constantType(node)
        case "ConstantOfShape": if case .tensor(let value) = node.attributes["value"] { value.dtype } else { .float32 }
        case "QuantizeLinear": operands.count > 2 ? operands[2] : .uint8
        case "DequantizeLinear": operands.count > 1 ? operands[1] : .float32
        case "QLinearConv", "QLinearMatMul": operands.count > 7 ? operands[7] : nil
        case "ConvInteger", "MatMulInteger": .int32
        case "DynamicQuantizeLinear": .uint8
        case "Where", "OneHot": operands.count > 1 ? operands[operands.count - 1] : nil
        case "RandomNormal", "RandomUniform", "EyeLike": .float32
        case "If", "Loop", "Scan", "SequenceAt", "Optional", "OptionalGetElement": nil
        default: node.domain.isEmpty ? operands.first ?? nil : nil
        }
    }

    private static func furtherResultType(of node: Node, first: DType?) -> DType? {
        switch node.opType {
        case "Split", "LSTM", "GRU", "RNN", "LayerNormalization": first
        case "DynamicQuantizeLinear": nil
        default: nil
        }
    }

    private static func constantType(_ node: Node) -> DType? {
        for (name, attribute) in node.attributes {
            switch (name, attribute) {
            case ("value", .tensor(let tensor)): return tensor.dtype
            case ("value_float", _), ("value_floats", _): return .float32
            case ("value_int", _), ("value_ints", _): return .int64
            case ("value_string", _), ("value_strings", _): return .string
            default: continue
            }
        }
        return nil
    }
}
