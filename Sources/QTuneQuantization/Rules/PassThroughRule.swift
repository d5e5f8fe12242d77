internal import QTuneGraph

/// Operators that move values without computing new ones, so that integers pass through them as they are.
enum PassThroughRule: OperatorRule {
    static let operators = [
        "MaxPool", "GlobalMaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split",
        "DepthToSpace", "SpaceToDepth", "Identity", "Expand", "Tile", "Resize",
    ]

    static func role(of node: Node, in context: RuleContext) -> NodeRole? {
        guard context.isActivation(context.operand(0, of: node)) else { return nil }
        // The indices that MaxPool can give besides are not values of its operand.
        guard node.opType != "MaxPool" || node.outputs.count == 1 else { return nil }
        guard node.opType != "Resize" || repeatsValues(node) else { return nil }
        return .passThrough
    }

    private static func repeatsValues(_ resize: Node) -> Bool {
        guard case .string(let mode) = resize.attributes["mode"] else { return true }
        return String(decoding: mode, as: UTF8.self) == "nearest"
    }
}
