internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Turns what stands between DequantizeLinear and QuantizeLinear into integer kernels. What none of them does stays as
/// it is and is executed literally.
struct IntegerAbsorption: Pass {
    let name = "absorb-quantization"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], let quantizer = rewriting.quantizer(node) else { continue }
            absorb(quantizer, id, &rewriting)
        }
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id] else { continue }
            let unbounded = IntegerOutput.real(lower: -.infinity, upper: .infinity)
            let outcome: Result<Node, IntegerRefusal>
            switch node.qualifiedType {
            case "Conv": outcome = IntegerProducts.convolution(node, unbounded, rewriting)
            case "Gemm", "MatMul": outcome = IntegerProducts.matrix(node, unbounded, rewriting)
            default: continue
            }
            guard case .success(var made) = outcome else { continue }
            made.outputs = node.outputs
            let last = addBias(to: &made, at: id, rewriting)
            if last != id { rewriting.editor.remove(id) }
            rewriting.editor.replace(last, with: made)
            rewriting.matched(node)
        }
    }

    /// Gives a matrix product with a real result the bias that is added to it, if it has none.
    private func addBias(
        to product: inout Node, at id: GraphEditor.NodeID, _ rewriting: Rewriting
    ) -> GraphEditor.NodeID {
        guard product.opType == IntegerLinear.name, product.inputs.count == 2,
            let rank = rewriting.value(product.outputs[0]).rank, rank > 0,
            let columns = rewriting.constant(product, 1)?.shape[product.int("transB") == 1 ? 0 : 1]
        else { return id }
        return rewriting.addBias(to: &product, at: id, ResultChannels(axis: rank - 1, rank: rank, count: columns))
    }

    private func absorb(_ quantizer: Quantizer, _ id: GraphEditor.NodeID, _ rewriting: inout Rewriting) {
        if let value = rewriting.quantized(quantizer.source) {
            requantize(value, quantizer, id, &rewriting)
            return
        }
        guard let (_, anchor) = rewriting.soleProducer(of: quantizer.source) else {
            if rewriting.editor.producer(of: quantizer.source) != nil {
                rewriting.refuse(quantizer.node, "'\(quantizer.source)' is used elsewhere, or given out")
            }
            return
        }
        switch IntegerRule.lowered(anchor, quantizer, &rewriting) {
        case .success(let made):
            var made = made
            made.outputs = quantizer.node.outputs
            rewriting.editor.replace(id, with: made)
            rewriting.matched(anchor)
        case .failure(let refusal): rewriting.refuse(anchor, refusal.reason)
        }
    }

    /// Integers straight from one quantization to another.
    private func requantize(
        _ value: QuantizedValue, _ quantizer: Quantizer, _ id: GraphEditor.NodeID, _ rewriting: inout Rewriting
    ) {
        if value.parameters == quantizer.parameters, quantizer.clamp == nil,
            rewriting.bypass(id, with: value.integers)
        {
            rewriting.matched(quantizer.node)
            return
        }
        var node = Node(
            Requantize.name, domain: "qtune", name: quantizer.node.name, inputs: [value.integers],
            outputs: quantizer.node.outputs)
        QuantizationAttributes.write(value.parameters, "x", to: &node)
        QuantizationAttributes.write(quantizer.parameters, "y", to: &node)
        ClampAttribute.write(quantizer.clamp, to: &node)
        rewriting.editor.replace(id, with: node)
        rewriting.matched(quantizer.node)
    }
}

/// Why a node does not become an integer kernel.
struct IntegerRefusal: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
