public import QTuneGraph
internal import QTuneTensor

/// Nodes that are quantized together or not at all.
public struct QuantizationGroup: Sendable, Equatable, Codable {
    /// The name of the main node, unique in the model.
    public var name: String
    /// The main node's operator.
    public var operation: String
    /// The main node first, then those that only finish its work: Relu, Clip, LeakyRelu, the parts of a swish.
    public var nodes: [String]
    /// Elements of the weights and bias.
    public var parameterCount: Int
    /// Bytes of the weights and bias in float32.
    public var parameterBytes: Int
}

/// Finds the groups of a model.
public enum QuantizationGroups {
    /// The groups of a prepared model, in the order in which they run.
    public static func find(_ model: Model) -> [QuantizationGroup] {
        let structure = GraphStructure(model)
        return structure.groups.map { group in
            let nodes = group.nodes.map { structure.nodes[$0] }
            let constants = Set(nodes.flatMap(\.inputs)).compactMap { structure.context.floatConstant($0) }
            return QuantizationGroup(
                name: group.name, operation: nodes.first?.opType ?? "", nodes: nodes.map(\.label),
                parameterCount: constants.reduce(0) { $0 + $1.count },
                parameterBytes: constants.reduce(0) { $0 + $1.byteCount })
        }
    }
}
