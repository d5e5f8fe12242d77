internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Finds what exporters write as several nodes: channel shuffles, x * sigmoid(x), and GELU with erf.
struct CompositeRecognition: Pass {
    let name = "recognise-composites"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id] else { continue }
            let replacement: Node? =
                switch node.qualifiedType {
                case "Reshape": channelShuffle(node, rewriting)
                case "Mul": silu(node, rewriting) ?? gelu(node, rewriting)
                default: nil
                }
            guard let replacement else { continue }
            rewriting.editor.replace(id, with: replacement)
            rewriting.matched(node)
        }
    }

    /// Reshape to [N, groups, C / groups, H, W], Transpose of axes 1 and 2, Reshape back.
    private func channelShuffle(_ node: Node, _ rewriting: Rewriting) -> Node? {
        guard let (_, transpose) = rewriting.soleProducer(of: node.inputs[0]),
            transpose.qualifiedType == "Transpose", transpose.ints("perm") == [0, 2, 1, 3, 4],
            let (_, split) = rewriting.soleProducer(of: transpose.inputs[0]), split.qualifiedType == "Reshape",
            let groups = rewriting.value(transpose.inputs[0]).dimensions?[1].value,
            let from = rewriting.value(split.inputs[0]).dimensions, from.count == 4,
            rewriting.value(transpose.inputs[0]).dimensions.map({ $0[0] == from[0] && $0[3...] == from[2...] }) == true,
            rewriting.value(node.outputs[0]).dimensions == from, !from.contains(.unknown)
        else { return nil }
        return Node(
            ChannelShuffle.name, domain: "qtune", name: node.name, inputs: [split.inputs[0]], outputs: node.outputs,
            attributes: ["group": .int(Int64(groups))])
    }

    private func silu(_ node: Node, _ rewriting: Rewriting) -> Node? {
        for (x, gate) in [(0, 1), (1, 0)] where node.inputs.count == 2 {
            guard let (_, sigmoid) = rewriting.soleProducer(of: node.inputs[gate]),
                sigmoid.qualifiedType == "Sigmoid", sigmoid.inputs[0] == node.inputs[x],
                rewriting.value(node.inputs[x]).dtype == .float32
            else { continue }
            return activate(.silu, node.inputs[x], node)
        }
        return nil
    }

    /// x * (erf(x / sqrt 2) + 1) * 0.5, in any order of the factors.
    private func gelu(_ node: Node, _ rewriting: Rewriting) -> Node? {
        guard let factors = factors(of: node, rewriting), factors.constant == 0.5, factors.values.count == 2 else {
            return nil
        }
        for (x, gate) in [(0, 1), (1, 0)] {
            guard let (_, sum) = rewriting.soleProducer(of: factors.values[gate]), sum.qualifiedType == "Add",
                let erfName = operand(of: sum, besides: 1, rewriting),
                let (_, erf) = rewriting.soleProducer(of: erfName), erf.qualifiedType == "Erf",
                let (_, scaled) = rewriting.soleProducer(of: erf.inputs[0]),
                isScaledByRootOfHalf(scaled, factors.values[x], rewriting),
                rewriting.value(factors.values[x]).dtype == .float32
            else { continue }
            return activate(.gelu, factors.values[x], node)
        }
        return nil
    }

    /// The operands of a product of two or three, and its one constant.
    private func factors(of node: Node, _ rewriting: Rewriting) -> (values: [String], constant: Float)? {
        var names = node.inputs
        for (index, name) in node.inputs.enumerated() {
            guard let (_, inner) = rewriting.soleProducer(of: name), inner.qualifiedType == "Mul" else { continue }
            names.remove(at: index)
            names += inner.inputs
            break
        }
        let constants = names.compactMap { rewriting.scalar($0) }
        guard constants.count == 1 else { return nil }
        return (names.filter { rewriting.scalar($0) == nil }, constants[0])
    }

    private func operand(of node: Node, besides number: Float, _ rewriting: Rewriting) -> String? {
        guard node.inputs.count == 2 else { return nil }
        if rewriting.scalar(node.inputs[1]) == number { return node.inputs[0] }
        return rewriting.scalar(node.inputs[0]) == number ? node.inputs[1] : nil
    }

    private func isScaledByRootOfHalf(_ node: Node, _ value: String, _ rewriting: Rewriting) -> Bool {
        let root = Float(2).squareRoot()
        let expected: Float
        switch node.qualifiedType {
        case "Div": expected = root
        case "Mul": expected = 1 / root
        default: return false
        }
        guard node.inputs.count == 2 else { return false }
        let pairs = node.opType == "Div" ? [(0, 1)] : [(0, 1), (1, 0)]
        return pairs.contains { x, constant in
            node.inputs[x] == value && rewriting.scalar(node.inputs[constant]).map { abs($0 - expected) < 1e-4 } == true
        }
    }

    private func activate(_ activation: Activation, _ operand: String, _ node: Node) -> Node {
        var made = Node("Activate", domain: "qtune", name: node.name, inputs: [operand], outputs: node.outputs)
        ActivationAttributes.write(activation, to: &made)
        return made
    }
}

extension Rewriting {
    /// The number behind a float32 constant of one element.
    fileprivate func scalar(_ name: String) -> Float? {
        guard let tensor = editor.constant(name), tensor.dtype == .float32, tensor.count == 1 else { return nil }
        return tensor.array(of: Float.self)[0]
    }
}
