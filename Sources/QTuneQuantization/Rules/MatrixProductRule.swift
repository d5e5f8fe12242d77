internal import QTuneGraph
internal import QTuneTensor

/// Gemm and MatMul with constant right operands; output channels are its columns. A MatMul of two activations has no
/// weights: both operands are quantized like those of an addition.
enum MatrixProductRule: OperatorRule {
    static let operators = ["Gemm", "MatMul"]

    static func role(of node: Node, in context: RuleContext) -> NodeRole? {
        let left = context.operand(0, of: node)
        let right = context.operand(1, of: node)
        guard context.isActivation(left) else { return nil }
        guard let weights = context.floatConstant(right) else {
            return node.opType == "MatMul" && context.isActivation(right) ? .arithmetic(operands: [0, 1]) : nil
        }
        guard weights.shape.rank >= 2, weights.count > 0 else { return nil }
        if node.opType == "MatMul" {
            // Batched weights have a column axis too, but engines take a scale per column of a matrix only.
            let axis = weights.shape.rank == 2 ? 1 : nil
            return .weighted(WeightedOperands(bias: nil, channelAxis: axis, isMatrixProduct: true))
        }
        let bias = context.operand(2, of: node)
        guard bias.isEmpty || context.floatConstant(bias) != nil, flag("transA", of: node) == 0 else { return nil }
        let columns = flag("transB", of: node) == 0 ? 1 : 0
        // The accumulator's scale fits the bias only where it is added as it is, one value for each column.
        let fits =
            !bias.isEmpty && factor("alpha", of: node) == 1 && factor("beta", of: node) == 1
            && context.floatConstant(bias)?.count == weights.shape[columns]
        return .weighted(WeightedOperands(bias: fits ? 2 : nil, channelAxis: columns, isMatrixProduct: true))
    }

    private static func flag(_ name: String, of node: Node) -> Int64 {
        if case .int(let value) = node.attributes[name] { value } else { 0 }
    }

    private static func factor(_ name: String, of node: Node) -> Float {
        if case .float(let value) = node.attributes[name] { value } else { 1 }
    }
}
