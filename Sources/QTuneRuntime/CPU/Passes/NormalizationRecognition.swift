internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Gives normalizations of rows to one kernel: the nodes of them, those that add first, and what exporters write as a
/// chain of means, powers and roots.
struct NormalizationRecognition: Pass {
    let name = "recognise-normalizations"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id] else { continue }
            switch node.qualifiedType {
            case "LayerNormalization": lower(id, node, centers: true, &rewriting)
            case "RMSNormalization": lower(id, node, centers: false, &rewriting)
            case "com.microsoft.SkipLayerNormalization": split(id, node, shift: 3, bias: 4, &rewriting)
            case "com.microsoft.SkipSimplifiedLayerNormalization": split(id, node, shift: nil, bias: 3, &rewriting)
            case "Div", "Mul":
                guard let chain = NormalizationChain(quotient: id, node, rewriting) else { continue }
                if let reason = chain.refusal(rewriting) {
                    rewriting.refuse(node, reason)
                } else {
                    chain.replace(&rewriting)
                    rewriting.matched(node)
                }
            default: break
            }
        }
    }

    private func lower(_ id: GraphEditor.NodeID, _ node: Node, centers: Bool, _ rewriting: inout Rewriting) {
        let input = rewriting.value(node.inputs[0])
        guard input.dtype == .float32, let rank = input.rank, rank > 0 else {
            return rewriting.refuse(node, "its operand is not known to be float32 of some axes")
        }
        let axis = node.int("axis") ?? -1
        guard axis == -1 || axis == Int64(rank) - 1 else {
            return rewriting.refuse(node, "it normalizes over more than the last axis")
        }
        guard node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
            return rewriting.refuse(node, "it gives out its statistics")
        }
        guard node.inputs.dropFirst().allSatisfy({ $0.isEmpty || rewriting.isRow($0, of: input) }) else {
            return rewriting.refuse(node, "its parameters are not one constant row")
        }
        rewriting.editor.replace(
            id,
            with: Self.node(
                named: node.name, node.inputs, to: node.outputs[0], epsilon: node.float("epsilon") ?? 1e-5,
                centers: centers))
        rewriting.matched(node)
    }

    /// Makes sums, which products before them can take over, and a normalization of the node's operands.
    private func split(
        _ id: GraphEditor.NodeID, _ node: Node, shift: Int?, bias: Int, _ rewriting: inout Rewriting
    ) {
        let input = rewriting.value(node.inputs[0])
        guard input.dtype == .float32, let lengths = input.dimensions, !lengths.isEmpty else {
            return rewriting.refuse(node, "its operand is not known to be float32 of some axes")
        }
        guard node.outputs.count < 2 || node.outputs[1..<min(3, node.outputs.count)].allSatisfy(\.isEmpty) else {
            return rewriting.refuse(node, "it gives out its statistics")
        }
        let given = { (index: Int) in index < node.inputs.count ? node.inputs[index] : "" }
        let parameters = [given(2)] + (shift.map { [given($0)] } ?? [])
        guard parameters.allSatisfy({ $0.isEmpty || rewriting.isRow($0, of: input) }),
            given(bias).isEmpty || rewriting.isRow(given(bias), of: input)
        else { return rewriting.refuse(node, "its parameters are not one constant row") }
        guard let skipped = rewriting.value(given(1)).dimensions, skipped.count <= lengths.count,
            skipped == Array(lengths.suffix(skipped.count)), !skipped.contains(.unknown)
        else { return rewriting.refuse(node, "what it adds is not known to have the shape of its operand") }
        var sum = node.inputs[0]
        if !given(bias).isEmpty {
            let biased = rewriting.editor.freshName("\(node.outputs[0])_biased")
            rewriting.editor.insert(Node("Add", inputs: [sum, given(bias)], outputs: [biased]))
            rewriting.declare(biased, input)
            sum = biased
        }
        let wanted = node.outputs.count > 3 ? node.outputs[3] : ""
        let total = wanted.isEmpty ? rewriting.editor.freshName("\(node.outputs[0])_sum") : wanted
        rewriting.editor.replace(
            id,
            with: Self.node(
                named: node.name, [total] + parameters, to: node.outputs[0], epsilon: node.float("epsilon") ?? 1e-12,
                centers: shift != nil))
        rewriting.editor.insert(Node("Add", inputs: [sum, given(1)], outputs: [total]))
        rewriting.declare(total, input)
        rewriting.matched(node)
    }

    static func node(
        named name: String, _ inputs: [String], to output: String, epsilon: Float, centers: Bool
    ) -> Node {
        Node(
            NormalizeRows.name, domain: NormalizeRows.domain, name: name, inputs: inputs, outputs: [output],
            attributes: ["epsilon": .float(epsilon), "centers": .int(centers ? 1 : 0)])
    }
}
