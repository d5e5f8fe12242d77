public import QTuneGraph
internal import QTuneRuntime
internal import QTuneTensor

/// A float model ready for quantization.
public struct PreparedModel: Sendable {
    /// A standard model with the results of the original, which can be written to a file.
    public var model: Model
    /// What could not be done.
    public var notes: [QuantizationNote]
}

/// Makes float models ready for quantization.
public enum Preparation {
    /// Names nodes that have none, turns float16 into float32, raises the operator set to what scales per channel need,
    /// computes what is constant, takes away what does nothing and makes batch normalization part of weights.
    public static func prepare(_ model: Model) throws -> PreparedModel {
        var notes: [QuantizationNote] = []
        var prepared = withoutReplaceableConstants(namingNodes(model))
        if HalfPrecision.occurs(in: prepared) {
            do {
                prepared = try HalfPrecision.widened(prepared)
            } catch let error as QTuneError {
                notes.append(QuantizationNote(subject: "float16", message: "stays float16: \(error.description)"))
            }
        }
        do {
            prepared = try OpsetConversion.convert(prepared)
        } catch let error as QTuneError {
            notes.append(
                QuantizationNote(
                    subject: "operator set", message: "stays at \(prepared.opset): \(error.description)"))
        }
        prepared = try Optimizer().run(prepared).0
        prepared.graph.valueInfo = [:]
        prepared.graph.documentation = ""
        prepared.documentation = ""
        return PreparedModel(model: namingNodes(prepared), notes: notes)
    }

    /// Gives a name to every node without one: its operator and its position, so that the same file always gives the
    /// same names. A name that several nodes have is made unique.
    static func namingNodes(_ model: Model) -> Model {
        var named = model
        var used: Set<String> = []
        let given = Set(model.graph.nodes.map(\.name))
        named.graph.nodes = model.graph.nodes.enumerated().map { index, node in
            var node = node
            if !node.name.isEmpty, used.insert(node.name).inserted { return node }
            var name = "\(node.opType)_\(index)"
            while given.contains(name) || !used.insert(name).inserted { name += "_" }
            node.name = name
            return node
        }
        return named
    }

    /// Older files list every constant among the inputs; newer ones may do so to let callers replace it. Quantized
    /// weights cannot be replaced.
    private static func withoutReplaceableConstants(_ model: Model) -> Model {
        var fixed = model
        fixed.graph.inputs.removeAll { model.graph.initializers[$0.name] != nil }
        fixed.irVersion = max(model.irVersion, 4)
        return fixed
    }
}
