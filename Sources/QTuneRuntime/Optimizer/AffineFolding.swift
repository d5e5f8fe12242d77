internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Makes Add, Sub, Mul and Div with one constant number a channel part of the Conv, ConvTranspose or Gemm before them.
struct AffineFolding: Pass {
    let name = "fold-affine"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], ["Add", "Sub", "Mul", "Div"].contains(node.qualifiedType),
                node.inputs.count == 2
            else { continue }
            for (operand, constant) in [(0, 1), (1, 0)] {
                guard let number = rewriting.constant(node, constant), number.dtype == .float32,
                    let (producer, made) = rewriting.soleProducer(of: node.inputs[operand])
                else { continue }
                do {
                    guard let target = try WeightedNode(made, rewriting) else { continue }
                    let affine = try Self.affine(node, number, isFirst: constant == 0, target)
                    rewriting.absorb(affine, into: target, producer)
                    if rewriting.bypass(id, with: node.inputs[operand]) { rewriting.matched(node) }
                } catch let refusal as WeightedNode.Refusal {
                    rewriting.refuse(node, refusal.reason)
                }
                break
            }
        }
    }

    private static func affine(
        _ node: Node, _ number: Tensor, isFirst: Bool, _ target: WeightedNode
    ) throws -> ChannelAffine {
        let rank = target.node.opType == "Gemm" ? 2 : target.weights.shape.rank

        guard isPerChannel(number.shape, rank: rank, axis: 1, channels: target.channels) else {
            throw WeightedNode.Refusal(reason: "the constant of shape \(number.shape) is not one number a channel")
        }
        let values = number.array(of: Float.self).map(Double.init)
        switch node.opType {
        case "Add": return ChannelAffine(factors: [1], offsets: values)
        case "Sub":
            return isFirst
                ? ChannelAffine(factors: [-1], offsets: values)
                : ChannelAffine(factors: [1], offsets: values.map { -$0 })
        case "Mul": return ChannelAffine(factors: values, offsets: [0])
        default:
            guard !isFirst else { throw WeightedNode.Refusal(reason: "the constant is divided by the result") }
            guard !values.contains(0) else { throw WeightedNode.Refusal(reason: "the divisor is 0") }
            return ChannelAffine(factors: values.map { 1 / $0 }, offsets: [0])
        }
    }

    /// Whether a constant broadcasts along `axis` of a value of `rank` axes alone.
    private static func isPerChannel(_ shape: Shape, rank: Int, axis: Int, channels: Int) -> Bool {
        guard shape.rank <= rank else { return false }
        let padded = [Int](repeating: 1, count: rank - shape.rank) + shape.dimensions
        return padded.indices.allSatisfy { padded[$0] == 1 || ($0 == axis && padded[$0] == channels) }
    }
}
