internal import QTuneGraph
internal import QTuneTensor

/// Which tensors the published tool's quantizer gives a pair of QuantizeLinear and DequantizeLinear, found out node by
/// node in the graph's order. What a node does depends on what nodes before it did.
struct PublishedMarks {
    enum Kind: Equatable {
        case activation
        case weight
        /// Has the scale of that other tensor.
        case sharing(String)
    }

    struct Bias: Equatable {
        var name: String
        var input: String
        var weights: String
        var beta: Float
    }

    private let context: RuleContext
    private let opset: Int
    private let excluded: Set<String>
    private let ranges: PublishedRanges
    /// In the order in which they were marked.
    private(set) var order: [String] = []
    private(set) var kinds: [String: Kind] = [:]
    private(set) var biases: [Bias] = []
    /// Clamps that are taken away: their operand's producer gives their result.
    private(set) var removedClamps: Set<String> = []
    /// Users of each value, by name of the node and once for each operand.
    private let userCounts: [String: Int]
    private let outputs: Set<String>
    private let inputs: Set<String>

    init(_ model: Model, ranges: PublishedRanges, excluded: Set<String>) {
        context = RuleContext(model)
        opset = model.opset
        self.excluded = excluded
        self.ranges = ranges
        userCounts = PublishedRanges.userCounts(model.graph)
        outputs = Set(model.graph.outputs.map(\.name))
        inputs = Set(model.graph.inputs.map(\.name))
        for node in model.graph.nodes where isQuantized(node) { visit(node) }
    }

    /// The operators that the tool quantizes.
    static let operators: Set<String> = [
        "ArgMax", "Conv", "Gemm", "MatMul", "Add", "Mul", "Relu", "Clip", "LeakyRelu", "Sigmoid", "MaxPool",
        "GlobalAveragePool", "Split", "Pad", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Resize", "AveragePool",
        "Concat", "Softmax", "Where", "Gather", "Transpose", "EmbedLayerNormalization", "ConvTranspose", "Slice",
        "GatherElements", "InstanceNormalization", "LayerNormalization", "BatchNormalization", "TopK", "CumSum",
    ]

    private func isQuantized(_ node: Node) -> Bool {
        Self.operators.contains(node.opType) && !excluded.contains(node.name)
    }

    private func isMarked(_ value: String) -> Bool { kinds[value] != nil || biases.contains { $0.name == value } }

    private mutating func mark(_ value: String, _ kind: Kind = .activation) {
        guard !value.isEmpty, context.floatConstant(value) != nil || context.isActivation(value) else { return }
        if kinds[value] == nil { order.append(value) }
        if case .sharing = kind {
            kinds[value] = kind
        } else if kinds[value] == nil {
            kinds[value] = kind
        }
    }

    private mutating func markBias(_ node: Node, beta: Float) {
        let name = context.operand(2, of: node)
        guard context.floatConstant(name) != nil, !biases.contains(where: { $0.name == name }) else { return }
        biases.append(Bias(name: name, input: node.inputs[0], weights: node.inputs[1], beta: beta))
    }
}

extension PublishedMarks {
    private mutating func visit(_ node: Node) {
        let first = context.operand(0, of: node)
        guard let result = node.outputs.first else { return }
        switch node.opType {
        case "Conv", "ConvTranspose":
            mark(first)
            mark(result)
            mark(context.operand(1, of: node), .weight)
            markBias(node, beta: 1)
        case "Gemm":
            mark(first)
            mark(result)
            mark(context.operand(1, of: node), .weight)
            if case .float(let beta) = node.attributes["beta"] {
                markBias(node, beta: beta)
            } else {
                markBias(node, beta: 1)
            }
        case "MatMul":
            for operand in node.inputs { mark(operand, context.floatConstant(operand) == nil ? .activation : .weight) }
            mark(result)
        case "Relu", "Clip": visitClamp(node, first, result)
        case "Pad": visitPad(node, first, result)
        case "MaxPool" where opset < 12, "Resize" where opset < 11: break
        case "MaxPool", "Resize", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "AveragePool", "Slice",
            "TopK":
            if isMarked(first) { mark(result, .sharing(first)) }
        case "Split":
            if !isMarked(first) { mark(first) }
            for output in node.outputs { mark(output, .sharing(first)) }
        case "Gather", "GatherElements":
            if context.floatConstant(first) != nil { mark(first) }
            if isMarked(first) { mark(result, .sharing(first)) }
        case "Where":
            if isMarked(context.operand(1, of: node)), isMarked(context.operand(2, of: node)) {
                for output in node.outputs { mark(output) }
            }
        case "InstanceNormalization", "LayerNormalization", "BatchNormalization":
            mark(first)
            let scale = context.operand(1, of: node)
            mark(scale, context.floatConstant(scale) == nil ? .activation : .weight)
            markBias(node, beta: 1)
            for output in node.outputs { mark(output) }
        default:
            for name in node.inputs + node.outputs { mark(name) }
        }
    }

    private mutating func visitClamp(_ node: Node, _ operand: String, _ result: String) {
        guard isMarked(operand) else { return }
        if ranges[result] != nil, userCounts[operand] == 1, !outputs.contains(operand), !inputs.contains(operand) {
            removedClamps.insert(node.name)
            kinds[operand] = nil
            order.removeAll { $0 == operand }
        } else {
            mark(operand)
        }
        mark(result)
    }

    private mutating func visitPad(_ node: Node, _ operand: String, _ result: String) {
        for input in node.inputs { mark(input) }
        var mode = "constant"
        if case .string(let bytes) = node.attributes["mode"] { mode = String(decoding: bytes, as: UTF8.self) }
        var value: Float? = 0
        if opset < 11 {
            if case .float(let attribute) = node.attributes["value"] { value = attribute }
        } else if !context.operand(2, of: node).isEmpty {
            value = context.floatConstant(node.inputs[2])?.array(of: Float.self).first
        }
        mark(result, mode != "constant" || value == 0 ? .sharing(operand) : .activation)
    }
}

/// The ranges of real values that the published tool works with: smallest to largest, those of clamps and of Softmax
/// put right.
struct PublishedRanges {
    private var ranges: [String: ClosedRange<Float>] = [:]

    subscript(value: String) -> ClosedRange<Float>? { ranges[value] }

    init(_ model: Model, statistics: Statistics, excluded: Set<String>) {
        for (name, seen) in statistics.tensors where seen.count > 0 { ranges[name] = seen.minimum...seen.maximum }
        let users = Self.userCounts(model.graph)
        for node in model.graph.nodes where !excluded.contains(node.name) {
            guard let operand = node.inputs.first, let result = node.outputs.first else { continue }
            if ["Clip", "Relu"].contains(node.opType), users[operand] == 1, ranges[operand] != nil,
                let range = ranges[result]
            {
                ranges[operand] = range
            } else if node.opType == "Softmax" {
                ranges[result] = 0...1
            }
        }
    }

    static func userCounts(_ graph: Graph) -> [String: Int] {
        Dictionary(graph.nodes.flatMap(\.inputs).map { ($0, 1) }, uniquingKeysWith: +)
    }
}
