import QTuneGraph
import QTuneKernels
import QTuneTensor

/// What a fused operator does to each element of its result last: a standard activation by name, its numbers in a list.
struct FusedActivation: Sendable {
    private let function: UnaryFunction?

    /// - Parameter numbers: those of the activation's attributes that the node gives, by name.
    init(_ name: String?, _ numbers: [String: Float]) throws {
        func standard(_ type: (some UnaryOperator).Type) throws -> UnaryFunction {
            let node = Node(
                type.name, inputs: ["x"], outputs: ["y"], attributes: numbers.mapValues(Attribute.float))
            return try type.init(NodeReader(node, opset: 22)).function
        }
        switch name ?? "" {
        case "", "None": function = nil
        case "Relu": function = try standard(Relu.self)
        case "Tanh": function = try standard(Tanh.self)
        case "Sigmoid": function = try standard(Sigmoid.self)
        case "LeakyRelu": function = try standard(LeakyRelu.self)
        case "HardSigmoid": function = try standard(HardSigmoid.self)
        case "Elu": function = try standard(Elu.self)
        case "Selu": function = try standard(Selu.self)
        case "Softplus": function = try standard(Softplus.self)
        case "Softsign": function = try standard(Softsign.self)
        case "ThresholdedRelu": function = try standard(ThresholdedRelu.self)
        case "HardSwish": function = try standard(HardSwish.self)
        case "Gelu": function = try standard(Gelu.self)
        case "Clip":
            let (lower, upper) = (numbers["min"] ?? -.infinity, numbers["max"] ?? .infinity)
            function = UnaryFunction(kernel: .clip(lower: lower, upper: upper)) {
                Swift.min(Swift.max($0, Double(lower)), Double(upper))
            }
        case let other:
            throw QTuneError(
                .unsupported, "the fused activation '\(other)'", remedy: "export the network without fusions")
        }
    }

    /// The names of an activation's numbers in the order in which FusedConv lists them.
    static func numberNames(_ activation: String?) -> [String] {
        switch activation {
        case "Clip": ["min", "max"]
        case "Selu": ["alpha", "gamma"]
        default: ["alpha", "beta"]
        }
    }

    /// Applies the activation to a result that nobody else holds yet.
    func apply(to result: Value, pool: ThreadPool) throws -> Value {
        guard let function, let tensor = result.tensor else { return result }
        try function.apply(to: tensor, into: tensor, pool: pool)
        return result
    }
}

extension Operator {
    /// An operator of the standard as another one uses it inside.
    static func inner(
        _ attributes: [String: Attribute], inputs: [String] = ["x"], outputs: Int = 1, opset: Int = 21
    ) throws -> Self {
        try Self(
            NodeReader(
                Node(name, inputs: inputs, outputs: (0..<outputs).map { "y\($0)" }, attributes: attributes),
                opset: opset))
    }
}
