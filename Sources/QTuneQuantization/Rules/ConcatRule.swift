internal import QTuneGraph

/// Concat of activations.
enum ConcatRule: OperatorRule {
    static let operators = ["Concat"]

    static func role(of node: Node, in context: RuleContext) -> NodeRole? {
        guard node.inputs.allSatisfy({ context.isActivation($0) }), node.inputs.count > 1 else { return nil }
        return .sharing(operands: Array(node.inputs.indices))
    }
}
