internal import QTuneGraph
internal import QTuneTensor

/// Relu, and Clip between constant bounds that have 0 between them.
enum ClampRule: OperatorRule {
    static let operators = ["Relu", "Clip"]

    static func role(of node: Node, in context: RuleContext) -> NodeRole? {
        guard context.isActivation(context.operand(0, of: node)) else { return nil }
        if node.opType == "Relu" { return .clamp(lower: 0, upper: .infinity) }
        guard let lower = bound(1, "min", of: node, usual: -.infinity, in: context),
            let upper = bound(2, "max", of: node, usual: .infinity, in: context), lower <= 0, upper >= 0, lower < upper
        else { return nil }
        return .clamp(lower: lower, upper: upper)
    }

    /// nil where the bound is not constant.
    private static func bound(
        _ index: Int, _ attribute: String, of node: Node, usual: Float, in context: RuleContext
    ) -> Float? {
        if case .float(let value) = node.attributes[attribute] { return value }
        let name = context.operand(index, of: node)
        guard !name.isEmpty else { return usual }
        guard let constant = context.floatConstant(name), constant.count == 1 else { return nil }
        return constant.array(of: Float.self).first
    }
}
