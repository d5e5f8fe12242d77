internal import QTuneGraph

/// Where element-wise operators, poolings and concatenations pay as integers: between nodes that give integers anyway,
/// which convolutions do, and nodes that take them, the caller included. Elsewhere, as in the normalizations,
/// activation functions and residual sums of transformers, whose matrix products give floats, pairs of QuantizeLinear and
/// DequantizeLinear cost both time and accuracy.
struct IntegerFlow {
    private let nodes: [Node]
    private let roles: [NodeRole]
    private let consumers: [String: [Int]]
    private let outputs: Set<String>

    /// `roles` with those nodes left float that no integers would reach, or whose integers nobody would take.
    static func confine(
        _ roles: [NodeRole], of nodes: [Node], consumers: [String: [Int]], outputs: Set<String>
    ) -> [NodeRole] {
        let flow = IntegerFlow(nodes: nodes, roles: roles, consumers: consumers, outputs: outputs)
        let isReached = flow.reached()
        let isTaken = flow.taken(among: isReached)
        return roles.indices.map { index in
            switch roles[index] {
            case .arithmetic, .sharing: isReached[index] && isTaken[index] ? roles[index] : .float
            default: roles[index]
            }
        }
    }

    /// For each node whether its result comes from integers, forwards.
    private func reached() -> [Bool] {
        var integers: Set<String> = []
        var isReached = [Bool](repeating: false, count: nodes.count)
        for (index, node) in nodes.enumerated() {
            switch roles[index] {
            case .float, .lookup: continue
            case .weighted(let operands): isReached[index] = !operands.isMatrixProduct
            case .passThrough, .clamp: isReached[index] = node.inputs.first.map(integers.contains) ?? false
            case .arithmetic(let operands), .sharing(let operands):
                isReached[index] = operands.contains { $0 < node.inputs.count && integers.contains(node.inputs[$0]) }
            }
            if isReached[index] { integers.formUnion(node.outputs) }
        }
        return isReached
    }

    /// For each node whether its result is taken as integers in the end, backwards.
    private func taken(among isReached: [Bool]) -> [Bool] {
        var isTaken = [Bool](repeating: false, count: nodes.count)
        for (index, node) in nodes.enumerated().reversed() where isReached[index] {
            isTaken[index] = node.outputs.contains { output in
                outputs.contains(output)
                    || consumers[output, default: []].contains { user in
                        guard case .weighted(let operands) = roles[user] else { return isTaken[user] }
                        return nodes[user].inputs[operands.data] == output
                    }
            }
        }
        return isTaken
    }
}
