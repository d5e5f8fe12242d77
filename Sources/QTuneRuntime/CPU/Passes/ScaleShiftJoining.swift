internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Makes one node of a product with a constant and the sum with another that follows, where each is one number, or one
/// for each place of an axis: a batch normalization, most often, that is no convolution's part.
struct ScaleShiftJoining: Pass {
    let name = "join-scale-shift"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], node.qualifiedType == "Add",
                let (operand, offset) = Self.operands(of: node, rewriting),
                let (producer, product) = rewriting.soleProducer(of: node.inputs[operand]),
                product.qualifiedType == "Mul", let (value, factor) = Self.operands(of: product, rewriting)
            else { continue }
            let input = rewriting.value(product.inputs[value])
            guard input.dtype == .float32, factor.shape == offset.shape, let dimensions = input.dimensions,
                let axis = ScaleShift.axis(of: factor.shape, rank: dimensions.count),
                factor.count == 1 || dimensions[axis] == .fixed(factor.count)
            else {
                rewriting.refuse(node, "it does not shift by one number a channel what it multiplies by one a channel")
                continue
            }
            let joined = Node(
                ScaleShift.name, domain: ScaleShift.domain, name: node.name,
                inputs: [product.inputs[value], product.inputs[1 - value], node.inputs[1 - operand]],
                outputs: node.outputs)
            rewriting.editor.remove(producer)
            rewriting.editor.replace(id, with: joined)
            rewriting.matched(node)
        }
    }

    /// Which operand of `node` is computed, and the constant that the other is.
    private static func operands(of node: Node, _ rewriting: Rewriting) -> (computed: Int, constant: Tensor)? {
        guard node.inputs.count == 2 else { return nil }
        for computed in 0...1 {
            if let constant = rewriting.constant(node, 1 - computed), constant.dtype == .float32 {
                return (computed, constant)
            }
        }
        return nil
    }
}
