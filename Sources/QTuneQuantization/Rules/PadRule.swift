internal import QTuneGraph
internal import QTuneTensor

/// Pad passes values through; what it adds must be one of them or 0, which every scale holds exactly.
enum PadRule: OperatorRule {
    static let operators = ["Pad"]

    static func role(of node: Node, in context: RuleContext) -> NodeRole? {
        guard context.isActivation(context.operand(0, of: node)) else { return nil }
        if case .string(let mode) = node.attributes["mode"], String(decoding: mode, as: UTF8.self) != "constant" {
            return .passThrough
        }
        let value = context.operand(2, of: node)
        guard !value.isEmpty else { return .passThrough }
        guard let constant = context.floatConstant(value), constant.count == 1, constant.array(of: Float.self) == [0]
        else {
            return nil
        }
        return .passThrough
    }
}
