internal import QTuneGraph

/// Operators whose integer form computes with the scales of each operand and of the result.
enum ArithmeticRule: OperatorRule {
    static let operators = ["Add", "Mul", "AveragePool", "GlobalAveragePool", "Sigmoid", "LeakyRelu"]

    static func role(of node: Node, in context: RuleContext) -> NodeRole? {
        let binary = node.opType == "Add" || node.opType == "Mul"
        let operands = binary ? [0, 1] : [0]
        let names = operands.map { context.operand($0, of: node) }
        guard names.contains(where: context.isActivation),
            names.allSatisfy({ context.isActivation($0) || context.floatConstant($0) != nil })
        else { return nil }
        return .arithmetic(operands: operands)
    }
}
