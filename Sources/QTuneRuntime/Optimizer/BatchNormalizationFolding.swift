internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Makes BatchNormalization, as networks have it after training, part of the weights before it; where that cannot be,
/// it becomes a product and a sum.
struct BatchNormalizationFolding: Pass {
    let name = "fold-batch-normalization"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], node.qualifiedType == "BatchNormalization" else { continue }
            switch Self.affine(of: node, rewriting) {
            case .failure(let refusal): rewriting.refuse(node, refusal.reason)
            case .success(let affine):
                if try fold(affine, of: node, id, &rewriting) { rewriting.matched(node) }
            }
        }
    }

    /// The numbers of a node, or why they cannot be used.
    private static func affine(
        of node: Node, _ rewriting: Rewriting
    ) -> Result<ChannelAffine, WeightedNode.Refusal> {
        guard node.int("training_mode") ?? 0 == 0, node.outputs.dropFirst().allSatisfy(\.isEmpty),
            node.inputs.count == 5
        else { return .failure(.init(reason: "it is in training mode")) }
        guard node.int("spatial") ?? 1 != 0 else {
            return .failure(.init(reason: "each element has its own statistics"))
        }
        var values: [[Double]] = []
        for index in 1...4 {
            guard let tensor = rewriting.constant(node, index), tensor.dtype == .float32 else {
                return .failure(.init(reason: "operand \(index) is not a float32 constant"))
            }
            values.append(tensor.array(of: Float.self).map(Double.init))
        }
        let channels = values[0].count
        guard channels > 0, values.allSatisfy({ $0.count == channels }) else {
            return .failure(.init(reason: "scale, bias, mean and variance differ in length"))
        }
        let epsilon = Double(node.float("epsilon") ?? 1e-5)
        let factors = (0..<channels).map { values[0][$0] / (values[3][$0] + epsilon).squareRoot() }
        let offsets = (0..<channels).map { values[1][$0] - values[2][$0] * factors[$0] }
        return .success(ChannelAffine(factors: factors, offsets: offsets))
    }

    private func fold(
        _ affine: ChannelAffine, of node: Node, _ id: GraphEditor.NodeID, _ rewriting: inout Rewriting
    ) throws -> Bool {
        if let (producer, made) = rewriting.soleProducer(of: node.inputs[0]) {
            do {
                if let target = try WeightedNode(made, rewriting), target.channels == affine.factors.count {
                    rewriting.absorb(affine, into: target, producer)
                    return rewriting.bypass(id, with: node.inputs[0])
                }
            } catch let refusal as WeightedNode.Refusal {
                rewriting.refuse(made, refusal.reason)
            }
        }
        guard let rank = rewriting.value(node.inputs[0]).rank, rank >= 2 else {
            rewriting.refuse(node, "the rank of its operand is not known")
            return false
        }
        let shape = Shape([affine.factors.count] + [Int](repeating: 1, count: rank - 2))
        let factor = rewriting.editor.addInitializer(
            Tensor(affine.factors.map { Float($0) }, shape: shape), named: "\(node.outputs[0])_factor")
        let offset = rewriting.editor.addInitializer(
            Tensor(affine.offsets.map { Float($0) }, shape: shape), named: "\(node.outputs[0])_offset")
        let product = rewriting.editor.freshName("\(node.outputs[0])_product")
        rewriting.editor.replace(
            id, with: Node("Add", name: node.name, inputs: [product, offset], outputs: node.outputs))
        rewriting.editor.insert(Node("Mul", inputs: [node.inputs[0], factor], outputs: [product]))
        rewriting.declare(product, rewriting.value(node.inputs[0]))
        return true
    }
}
