internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Convolutions and matrix products of dequantized operands, as integer kernels. The nodes have no results yet.
enum IntegerProducts {
    static func convolution(
        _ node: Node, _ output: IntegerOutput, _ rewriting: Rewriting
    ) -> Result<Node, IntegerRefusal> {
        guard let x = rewriting.quantized(node.inputs[0]) else {
            return .failure(.init("its first operand is not dequantized from 8 bits with one scale"))
        }
        guard let weights = rewriting.quantizedWeights(node.inputs[1], channelAxis: 0) else {
            return .failure(.init("its weights are not dequantized from 8-bit constants with one scale a channel"))
        }
        let groups = Int(node.int("group") ?? 1)
        guard weights.tensor.shape.rank == 4, groups > 0, weights.tensor.count > 0,
            weights.tensor.shape[0].isMultiple(of: groups)
        else { return .failure(.init("its weights are \(weights.tensor.shape), not those of a convolution of images")) }
        var made = Node(
            IntegerConv2D.name, domain: "qtune", name: node.name, inputs: [x.integers, weights.integers], outputs: [],
            attributes: node.attributes)
        made.attributes["group"] = .int(Int64(groups))
        let channels = weights.tensor.shape[0]
        return finish(&made, node, x, weights, output, channels: channels, rewriting)
    }

    static func matrix(
        _ node: Node, _ output: IntegerOutput, _ rewriting: Rewriting
    ) -> Result<Node, IntegerRefusal> {
        let isGemm = node.opType == "Gemm"
        if isGemm {
            guard node.float("alpha") ?? 1 == 1, node.float("beta") ?? 1 == 1, node.int("transA") ?? 0 == 0 else {
                return .failure(.init("alpha or beta is not 1, or its first operand is transposed"))
            }
        }
        guard let x = rewriting.quantized(node.inputs[0]) else {
            return .failure(.init("its first operand is not dequantized from 8 bits with one scale"))
        }
        let isTransposed = isGemm && node.int("transB") ?? 0 != 0
        guard let weights = rewriting.quantizedWeights(node.inputs[1], channelAxis: isTransposed ? 0 : 1),
            weights.tensor.shape.rank == 2
        else { return .failure(.init("its second operand is not dequantized from an 8-bit constant matrix")) }
        var made = Node(
            IntegerLinear.name, domain: "qtune", name: node.name, inputs: [x.integers, weights.integers], outputs: [],
            attributes: ["transB": .int(isTransposed ? 1 : 0)])
        let channels = weights.tensor.shape[isTransposed ? 0 : 1]
        return finish(&made, node, x, weights, output, channels: channels, rewriting)
    }

    private static func finish(
        _ made: inout Node, _ node: Node, _ x: QuantizedValue, _ weights: QuantizedWeights, _ output: IntegerOutput,
        channels: Int, _ rewriting: Rewriting
    ) -> Result<Node, IntegerRefusal> {
        if node.inputs.count > 2, !node.inputs[2].isEmpty {
            let scales = weights.quantization.scales.map { x.parameters.scales[0] * $0 }
            switch (rewriting.integerBias(node.inputs[2], sumScales: scales, channels: channels), output) {
            case (.sums(let name)?, _): made.inputs.append(name)
            case (.real(let name)?, .real): made.inputs.append(name)
            case (.real?, .quantized):
                return .failure(.init("its bias is not quantized, so that its result is quantized apart"))
            case (nil, _): return .failure(.init("its bias is not constant in units of the integer sums"))
            }
        }
        QuantizationAttributes.write(x.parameters, "x", to: &made)
        weights.quantization.write(to: &made)
        output.write(to: &made)
        return .success(made)
    }
}
