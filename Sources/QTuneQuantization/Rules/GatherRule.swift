internal import QTuneGraph
internal import QTuneTensor

/// Gather of an activation moves values; of a constant table, as embeddings are, it looks rows up.
enum GatherRule: OperatorRule {
    static let operators = ["Gather"]

    /// Elements below which what the nodes take is more than what the table saves.
    private static let worthwhile = 4096

    static func role(of node: Node, in context: RuleContext) -> NodeRole? {
        let data = context.operand(0, of: node)
        if context.isActivation(data) { return .passThrough }
        guard let table = context.floatConstant(data), table.shape.rank >= 2, table.count >= worthwhile else {
            return nil
        }
        var axis = 0
        if case .int(let value) = node.attributes["axis"] { axis = Int(truncatingIfNeeded: value) }
        if axis < 0 { axis &+= table.shape.rank }
        return table.shape.dimensions.indices.contains(axis) ? .lookup(axis: axis) : nil
    }
}
