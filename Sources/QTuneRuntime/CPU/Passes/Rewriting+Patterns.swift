internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// What patterns of several nodes ask of their neighbours.
extension Rewriting {
    /// The number behind a float32 constant of one element that changes no shape when it is combined with a value of
    /// `rank` axes, or, unless another rank is given, of one axis or more.
    func scalar(_ name: String, besideRank rank: Int = 1) -> Float? {
        guard let tensor = editor.constant(name), tensor.shape.rank <= rank else { return nil }
        return tensor.singleFloat
    }

    /// The operand of a node of two that is not the constant `number`.
    func operand(of node: Node, besides number: Float) -> String? {
        guard node.inputs.count == 2 else { return nil }
        if scalar(node.inputs[1]) == number { return node.inputs[0] }
        return scalar(node.inputs[0]) == number ? node.inputs[1] : nil
    }

    /// The node of one of `types` that makes `value` for one user alone.
    func sole(_ types: Set<String>, making value: String) -> (id: GraphEditor.NodeID, node: Node)? {
        guard let made = soleProducer(of: value), types.contains(made.node.qualifiedType) else { return nil }
        return made
    }

    /// Whether constant `name` is one float32 number for each element of a row of `value`, in a single row.
    func isRow(_ name: String, of value: InferredValue) -> Bool {
        guard let tensor = editor.constant(name), let dimensions = value.dimensions else { return false }
        return tensor.dtype == .float32 && tensor.shape.rank >= 1 && tensor.shape.rank <= dimensions.count
            && tensor.shape.dimensions.last == tensor.count && dimensions.last == .fixed(tensor.count)
    }
}
