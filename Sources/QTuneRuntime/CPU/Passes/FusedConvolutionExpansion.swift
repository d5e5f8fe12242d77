internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Writes a convolution that another optimizer fused as the nodes that it stands for, so that one way leads to the
/// kernels.
struct FusedConvolutionExpansion: Pass {
    let name = "expand-fused-convolution"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], node.qualifiedType == "com.microsoft.FusedConv",
                let result = node.outputs.first, !result.isEmpty, node.inputs.count >= 2
            else { continue }
            guard rewriting.value(node.inputs[0]).dtype == .float32 else {
                rewriting.refuse(node, "its operand is not known to be float32")
                continue
            }
            guard let activation = Self.activation(of: node, result: result) else {
                rewriting.refuse(node, "its activation is not one that kernels know")
                continue
            }
            var convolution = node
            (convolution.opType, convolution.domain) = ("Conv", "")
            convolution.inputs = Array(node.inputs.prefix(3))
            for name in ["activation", "activation_params"] { convolution.attributes[name] = nil }
            var chain = [convolution]
            if node.inputs.count > 3, !node.inputs[3].isEmpty {
                chain.append(Node("Add", inputs: [result, node.inputs[3]], outputs: [result]))
            }
            if let activation = activation.first { chain.append(activation) }
            // Each node but the last gives its result to the next one.
            for index in chain.indices.dropLast() {
                let name = rewriting.editor.freshName("\(result)_fused")
                rewriting.declare(name, rewriting.value(result))
                chain[index].outputs = [name]
                chain[index + 1].inputs[0] = name
            }
            rewriting.editor.remove(id)
            for made in chain { rewriting.editor.insert(made) }
            rewriting.matched(node)
        }
    }

    /// The node of the activation, none where there is none; nil for one that is better left to the fused operator.
    private static func activation(of node: Node, result: String) -> [Node]? {
        var numbers: [Float] = []
        if case .floats(let given)? = node.attributes["activation_params"] { numbers = given }
        func made(_ type: String, _ attributes: [String: Attribute] = [:]) -> [Node] {
            [Node(type, inputs: [result], outputs: [result], attributes: attributes)]
        }
        switch (node.string("activation") ?? "", numbers.count) {
        case ("", _), ("None", _): return []
        case ("Relu", _): return made("Relu")
        case ("Sigmoid", _): return made("Sigmoid")
        case ("Tanh", _): return made("Tanh")
        case ("LeakyRelu", 1): return made("LeakyRelu", ["alpha": .float(numbers[0])])
        case ("Clip", 2):
            return [Activate.node(.clamp(lower: numbers[0], upper: numbers[1]), result, in: node)]
        default: return nil
        }
    }
}
