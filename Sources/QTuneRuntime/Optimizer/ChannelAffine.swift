internal import QTuneGraph
internal import QTuneTensor

/// `x * factor + offset` for each channel of the result of a convolution or matrix product.
struct ChannelAffine {
    /// One number, or one for each channel.
    var factors: [Double]
    var offsets: [Double]

    /// The same with one number a channel.
    func expanded(to channels: Int) -> ChannelAffine {
        func expand(_ values: [Double]) -> [Double] {
            values.count == 1 ? [Double](repeating: values[0], count: channels) : values
        }
        return ChannelAffine(factors: expand(factors), offsets: expand(offsets))
    }
}

/// A node that multiplies by constant weights and adds a constant bias: where its channels lie in the weights.
struct WeightedNode {
    let node: Node
    let weights: Tensor
    let bias: Tensor?
    let channels: Int
    /// Elements of `weights` are ordered [outer, channel block, inner]; see `channel(ofElement:)`.
    private let layout: Layout

    private enum Layout {
        /// Every run of `inner` elements belongs to one channel.
        case channelFirst(inner: Int)
        /// [groups, inputs of a group, channels of a group, inner], as transposed convolutions have it.
        case transposed(groups: Int, inputs: Int, channels: Int, inner: Int)
        /// The channel is the last axis.
        case channelLast
    }

    /// Throws the reason, a sentence without a full stop, why a node's weights cannot be changed.
    struct Refusal: Error { let reason: String }

    /// nil for nodes of other types.
    init?(_ node: Node, _ rewriting: Rewriting) throws {
        guard ["Conv", "ConvTranspose", "Gemm"].contains(node.qualifiedType) else { return nil }
        guard let weights = rewriting.constant(node, 1) else { throw Refusal(reason: "the weights are not constant") }
        let hasBias = node.inputs.count > 2 && !node.inputs[2].isEmpty
        bias = hasBias ? rewriting.constant(node, 2) : nil
        guard !hasBias || bias != nil else { throw Refusal(reason: "the bias is not constant") }
        guard weights.dtype == .float32, bias?.dtype ?? .float32 == .float32 else {
            throw Refusal(reason: "the weights are \(weights.dtype), not float32")
        }
        self.node = node
        self.weights = weights
        switch node.opType {
        case "Conv":
            guard weights.shape.rank >= 2 else { throw Refusal(reason: "the weights have no channels") }
            channels = weights.shape[0]
            layout = .channelFirst(inner: weights.count / max(1, channels))
        case "ConvTranspose":
            let groups = Int(node.int("group") ?? 1)
            guard weights.shape.rank >= 2, groups > 0, weights.shape[0] % groups == 0 else {
                throw Refusal(reason: "the weights do not divide into groups")
            }
            channels = weights.shape[1] * groups
            layout = .transposed(
                groups: groups, inputs: weights.shape[0] / groups, channels: weights.shape[1],
                inner: weights.shape.dimensions.dropFirst(2).reduce(1, *))
        default:
            guard weights.shape.rank == 2, node.float("alpha") ?? 1 == 1, node.float("beta") ?? 1 == 1 else {
                throw Refusal(reason: "alpha or beta is not 1")
            }
            let isTransposed = node.int("transB") ?? 0 != 0
            channels = weights.shape[isTransposed ? 0 : 1]
            layout = isTransposed ? .channelFirst(inner: weights.shape[1]) : .channelLast
        }
        // A bias of another shape, which Gemm may have, differs from row to row.
        guard channels > 0,
            bias.map({ $0.count == 1 || $0.count == channels && $0.shape.dimensions.last == channels }) ?? true
        else {
            throw Refusal(reason: "the bias is not one number a channel")
        }
    }

    private func channel(ofElement index: Int) -> Int {
        switch layout {
        case .channelFirst(let inner): return index / max(1, inner)
        case .channelLast: return index % channels
        case .transposed(_, let inputs, let channels, let inner):
            let run = index / max(1, inner)
            return run / channels / inputs * channels + run % channels
        }
    }

    /// The node's weights and bias with `affine` applied to its result. Only factors other than 1 make new weights.
    func applying(_ affine: ChannelAffine) -> (weights: Tensor, bias: Tensor) {
        let affine = affine.expanded(to: channels)
        let old = bias.map { $0.array(of: Float.self).map(Double.init) } ?? [0]
        let newBias = (0..<channels).map {
            Float(old[old.count == 1 ? 0 : $0] * affine.factors[$0] + affine.offsets[$0])
        }
        var scaled = weights
        if affine.factors.contains(where: { $0 != 1 }) {
            var values = weights.array(of: Float.self)
            for index in values.indices {
                values[index] = Float(Double(values[index]) * affine.factors[channel(ofElement: index)])
            }
            scaled = Tensor(values, shape: weights.shape)
        }
        return (scaled, Tensor(newBias))
    }
}

extension Rewriting {
    /// Makes `affine` part of the weights and bias of `target`.
    mutating func absorb(_ affine: ChannelAffine, into target: WeightedNode, _ id: GraphEditor.NodeID) {
        let (weights, bias) = target.applying(affine)
        var node = target.node
        if weights.storage !== target.weights.storage {
            node.inputs[1] = editor.addInitializer(weights, named: "\(node.inputs[1])_folded")
        }
        let name = editor.addInitializer(bias, named: "\(node.outputs[0])_bias")
        node.inputs = [node.inputs[0], node.inputs[1], name]
        editor.replace(id, with: node)
    }
}

extension Node {
    /// An int attribute, nil where the node leaves it out.
    func int(_ name: String) -> Int64? { if case .int(let value)? = attributes[name] { value } else { nil } }
    /// A float attribute, nil where the node leaves it out.
    func float(_ name: String) -> Float? { if case .float(let value)? = attributes[name] { value } else { nil } }
    /// An ints attribute, nil where the node leaves it out.
    func ints(_ name: String) -> [Int]? {
        if case .ints(let values)? = attributes[name] { values.map { Int($0) } } else { nil }
    }
    /// A string attribute, nil where the node leaves it out.
    func string(_ name: String) -> String? {
        if case .string(let bytes)? = attributes[name] { String(decoding: bytes, as: UTF8.self) } else { nil }
    }
}
