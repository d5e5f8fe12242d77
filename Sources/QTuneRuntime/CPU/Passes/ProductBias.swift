internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Where the channels of a product's result lie.
struct ResultChannels {
    /// The axis, and how many axes there are.
    let axis: Int
    let rank: Int
    let count: Int

    /// The numbers of a float32 constant that broadcasts along the channels of the result alone.
    func numbers(_ tensor: Tensor) -> [Float]? {
        guard tensor.dtype == .float32, tensor.shape.rank <= rank else { return nil }
        let lengths = [Int](repeating: 1, count: rank - tensor.shape.rank) + tensor.shape.dimensions
        guard lengths.indices.allSatisfy({ lengths[$0] == 1 || ($0 == axis && lengths[$0] == count) }) else {
            return nil
        }
        return tensor.array(of: Float.self)
    }
}

extension Rewriting {
    /// The only user of the first result of `node`, if it is a `type`.
    func user(of node: Node, _ type: String) -> (id: GraphEditor.NodeID, node: Node)? {
        guard let id = editor.soleConsumer(of: node.outputs[0]), let user = editor[id], user.qualifiedType == type
        else { return nil }
        return (id, user)
    }

    /// Makes what an Add adds to the channels of `product` its third operand: an integer node with a real result, which
    /// is to stand in the place of `id`. It is to stand in the place of the returned node then, the Add if there is one.
    func addBias(
        to product: inout Node, at id: GraphEditor.NodeID, _ channels: ResultChannels
    ) -> GraphEditor.NodeID {
        guard let (sumID, sum) = user(of: product, "Add"), sum.inputs.count == 2,
            let bias = sum.inputs.first(where: { $0 != product.outputs[0] }),
            editor.constant(bias).flatMap({ channels.numbers($0) }) != nil
        else { return id }
        if product.inputs.count > 2 { product.inputs[2] = bias } else { product.inputs.append(bias) }
        product.outputs = sum.outputs
        return sumID
    }
}
