internal import QTuneGraph
internal import QTuneTensor

/// Conv keeps its output channels along axis 0 of the weights, ConvTranspose along axis 1.
enum ConvolutionRule: OperatorRule {
    static let operators = ["Conv", "ConvTranspose"]

    static func role(of node: Node, in context: RuleContext) -> NodeRole? {
        guard context.isActivation(context.operand(0, of: node)),
            let weights = context.floatConstant(context.operand(1, of: node)), weights.shape.rank >= 3,
            weights.count > 0
        else { return nil }
        let biasName = context.operand(2, of: node)
        guard biasName.isEmpty || context.floatConstant(biasName) != nil else { return nil }
        var groups: Int64 = 1
        if case .int(let value) = node.attributes["group"] { groups = value }
        let isTransposed = node.opType == "ConvTranspose"
        // Axis 1 of a grouped ConvTranspose counts channels of one group only.
        let axis: Int? = isTransposed ? (groups == 1 ? 1 : nil) : 0
        return .weighted(
            WeightedOperands(bias: biasName.isEmpty ? nil : 2, channelAxis: axis, isMatrixProduct: false))
    }
}
