internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Takes away nodes whose result is their first operand (or the one that is not neutral).
struct NoOpRemoval: Pass {
    let name = "remove-no-ops"
    let purpose: String

    /// For each operator: the operand that a node hands on unchanged, or nil where it does something.
    private typealias Rule = @Sendable (Node, Rewriting) -> Int?

    private static let rules: [String: Rule] = [
        "Identity": { _, _ in 0 },
        "Dropout": isIdleDropout,
        "Cast": { keepsType($0, $1) ? 0 : nil },
        "CastLike": { keepsType($0, $1) ? 0 : nil },
        "Reshape": { keepsShape($0, $1) ? 0 : nil },
        "Flatten": { keepsShape($0, $1) ? 0 : nil },
        "Expand": { keepsShape($0, $1) ? 0 : nil },
        "Squeeze": { keepsShape($0, $1) ? 0 : nil },
        "Unsqueeze": { keepsShape($0, $1) ? 0 : nil },
        "Tile": { keepsShape($0, $1) ? 0 : nil },
        "Pad": { keepsShape($0, $1) && $1.onlyNonNegative($0) ? 0 : nil },
        "Slice": { keepsShape($0, $1) && $1.stepsAreOne($0) ? 0 : nil },
        "Transpose": isIdentityTransposition,
        "Concat": { node, _ in node.inputs.count == 1 ? 0 : nil },
        "Sum": { node, _ in node.inputs.count == 1 ? 0 : nil },
        "Max": { node, _ in node.inputs.count == 1 ? 0 : nil },
        "Min": { node, _ in node.inputs.count == 1 ? 0 : nil },
        "Mean": { node, _ in node.inputs.count == 1 ? 0 : nil },
        "Add": { operandBesides(0, in: $0, $1, eitherSide: true) },
        "Sub": { operandBesides(0, in: $0, $1, eitherSide: false) },
        "Mul": { operandBesides(1, in: $0, $1, eitherSide: true) },
        "Div": { operandBesides(1, in: $0, $1, eitherSide: false) },
    ]

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], node.domain.isEmpty,
                let operand = Self.rules[node.opType]?(node, rewriting), operand < node.inputs.count
            else { continue }
            let others = node.outputs.dropFirst().filter { !$0.isEmpty }
            guard others.allSatisfy({ rewriting.editor.consumers(of: $0).isEmpty && !rewriting.editor.isOutput($0) })
            else {
                rewriting.refuse(node, "its second result is used")
                continue
            }
            if rewriting.bypass(id, with: node.inputs[operand]) {
                rewriting.matched(node)
            } else {
                rewriting.refuse(node, "its result is an output of the graph that nothing else can make")
            }
        }
    }

    private static let isIdleDropout: Rule = { node, rewriting in
        if case .int(let isTest)? = node.attributes["is_test"], isTest == 0 { return nil }
        guard node.inputs.count > 2, !node.inputs[2].isEmpty else { return 0 }
        return rewriting.constant(node, 2)?.integers == [0] ? 0 : nil
    }

    private static let isIdentityTransposition: Rule = { node, rewriting in
        guard case .ints(let permutation)? = node.attributes["perm"] else { return nil }
        return permutation == permutation.indices.map(Int64.init) ? 0 : nil
    }

    private static func keepsType(_ node: Node, _ rewriting: Rewriting) -> Bool {
        guard let from = rewriting.value(node.inputs[0]).dtype else { return false }
        return from == rewriting.value(node.outputs[0]).dtype
    }

    /// Whether operand and result have the same shape, symbolic lengths included.
    private static func keepsShape(_ node: Node, _ rewriting: Rewriting) -> Bool {
        guard let from = rewriting.value(node.inputs[0]).dimensions, !from.contains(.unknown) else { return false }
        return from == rewriting.value(node.outputs[0]).dimensions
    }

    /// The operand that is left when the other one is a constant which is `neutral` in every element.
    private static func operandBesides(
        _ neutral: Float, in node: Node, _ rewriting: Rewriting, eitherSide: Bool
    ) -> Int? {
        guard node.inputs.count == 2 else { return nil }
        for (constant, other) in eitherSide ? [(1, 0), (0, 1)] : [(1, 0)] {
            guard let tensor = rewriting.constant(node, constant), tensor.consists(of: neutral) else { continue }
            let kept = rewriting.value(node.inputs[other])
            guard let dimensions = kept.dimensions, !dimensions.contains(.unknown),
                dimensions == rewriting.value(node.outputs[0]).dimensions
            else { continue }
            return other
        }
        return nil
    }
}

extension Rewriting {
    /// Whether a Pad neither adds nor, by compensating amounts, shifts elements.
    fileprivate func onlyNonNegative(_ node: Node) -> Bool {
        if case .ints(let pads)? = node.attributes["pads"] { return pads.allSatisfy { $0 == 0 } }
        return constant(node, 1)?.integers?.allSatisfy { $0 == 0 } ?? false
    }

    /// Whether a Slice runs forward; it then hands everything on when the shape stays the same.
    fileprivate func stepsAreOne(_ node: Node) -> Bool {
        guard node.inputs.count > 4, !node.inputs[4].isEmpty else { return true }
        return constant(node, 4)?.integers?.allSatisfy { $0 == 1 } ?? false
    }
}

extension Tensor {
    /// Whether every element equals `value`. Looks at numbers that are at most a few per channel.
    fileprivate func consists(of value: Float) -> Bool {
        guard count > 0, count <= 1 << 16 else { return false }
        if dtype == .float32 { return array(of: Float.self).allSatisfy { $0 == value } }
        return integers?.allSatisfy { Float($0) == value } ?? false
    }
}
