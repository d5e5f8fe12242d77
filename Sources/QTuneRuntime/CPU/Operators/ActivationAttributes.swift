internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// How fused activations are written in the attributes of the CPU's own nodes.
enum ActivationAttributes {
    private static let kind = "activation"
    private static let numbers = "activation_parameters"

    static func write(_ activation: Activation, to node: inout Node) {
        let (name, values): (String, [Float]) =
            switch activation {
            case .none: ("none", [])
            case .clamp(let lower, let upper): ("clamp", [lower, upper])
            case .leakyReLU(let slope): ("leaky-relu", [slope])
            case .sigmoid: ("sigmoid", [])
            case .tanh: ("tanh", [])
            case .silu: ("silu", [])
            case .hardSwish: ("hard-swish", [])
            case .gelu: ("gelu", [])
            case .geluTanh: ("gelu-tanh", [])
            }
        node.attributes[kind] = .string(name)
        node.attributes[numbers] = .floats(values)
    }

    static func read(_ node: NodeReader) throws -> Activation {
        let values = try node.floats(numbers) ?? []
        switch (try node.string(kind) ?? "none", values.count) {
        case ("none", 0): return .none
        case ("clamp", 2): return .clamp(lower: values[0], upper: values[1])
        case ("leaky-relu", 1): return .leakyReLU(slope: values[0])
        case ("sigmoid", 0): return .sigmoid
        case ("tanh", 0): return .tanh
        case ("silu", 0): return .silu
        case ("hard-swish", 0): return .hardSwish
        case ("gelu", 0): return .gelu
        case ("gelu-tanh", 0): return .geluTanh
        case (let name, let count):
            throw QTuneError(.invalidModel, "an activation '\(name)' with \(count) parameters is not known")
        }
    }

    /// What an ordinary node of one operand computes, as an activation; nil where kernels do not fuse it.
    static func activation(of node: Node, _ rewriting: Rewriting) -> Activation? {
        switch node.qualifiedType {
        case "Relu": return .relu
        case "Sigmoid": return .sigmoid
        case "Tanh": return .tanh
        case "HardSwish": return .hardSwish
        case "LeakyRelu": return .leakyReLU(slope: node.float("alpha") ?? 0.01)
        case "qtune.Activate": return try? read(NodeReader(node, opset: 1))
        case "Gelu":
            switch node.string("approximate") ?? "none" {
            case "none": return .gelu
            case "tanh": return .geluTanh
            default: return nil
            }
        case "com.microsoft.Gelu": return .gelu
        case "com.microsoft.FastGelu" where node.inputs.count == 1: return .geluTanh
        case "Clip": return clamp(of: node, rewriting)
        default: return nil
        }
    }

    /// The bounds of a Clip, where they are constant.
    static func clamp(of node: Node, _ rewriting: Rewriting) -> Activation? {
        func bound(_ index: Int, _ attribute: String, _ open: Float) -> Float? {
            guard index < node.inputs.count, !node.inputs[index].isEmpty else { return node.float(attribute) ?? open }
            guard let tensor = rewriting.constant(node, index), tensor.dtype == .float32, tensor.count == 1 else {
                return nil
            }
            return tensor.array(of: Float.self)[0]
        }
        guard let lower = bound(1, "min", -.infinity), let upper = bound(2, "max", .infinity), lower <= upper else {
            return nil
        }
        return .clamp(lower: lower, upper: upper)
    }
}
