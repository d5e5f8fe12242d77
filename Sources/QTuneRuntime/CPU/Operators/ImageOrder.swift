package import QTuneGraph
internal import QTuneKernels
package import QTuneOperators
internal import QTuneTensor

/// An operator of the CPU's own that works on images and says in an attribute which order they have.
package protocol ImageOperator: Operator {
    /// The operands of `node` that are images, all of the same order, which is also that of the results.
    static func imageOperands(of node: Node) -> [Int]
}

/// The order of the images of a node: kernels work in NHWC; a node that was not lowered pays for reordering.
struct ImageOrder: Sendable {
    static let attribute = "channels_last"
    let isChannelsLast: Bool

    init(_ node: NodeReader) throws { isChannelsLast = try node.int(Self.attribute) ?? 0 != 0 }

    /// `image` in NHWC.
    func channelsLast(_ image: Tensor, _ context: EvaluationContext) throws -> Tensor {
        if isChannelsLast { return image }
        guard let lengths = ImageLayout.channelsLast.applied(to: image.shape.dimensions) else {
            throw QTuneError(.invalidInput, "\(image.shape) is no batch of images")
        }
        let result = Tensor(uninitialized: image.dtype, shape: Shape(lengths))
        Layout.transpose(
            image, permutation: ImageLayout.channelsLast.permutation, into: result, pool: context.pool)
        return result
    }

    /// A result of NHWC lengths that `compute` fills, in the order of the node.
    func makeResult(
        _ dtype: DType, _ shape: Shape, _ context: EvaluationContext, _ compute: (Tensor) -> Void
    ) throws -> [Value] {
        if isChannelsLast {
            let output = try context.makeOutput(0, dtype, shape)
            compute(output)
            return [.tensor(output)]
        }
        guard let lengths = ImageLayout.channelsFirst.applied(to: shape.dimensions) else {
            throw QTuneError(.internalError, "\(shape) is no batch of images")
        }
        let output = try context.makeOutput(0, dtype, Shape(lengths))
        let result = Tensor(uninitialized: dtype, shape: shape)
        compute(result)
        Layout.transpose(
            result, permutation: ImageLayout.channelsFirst.permutation, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    /// Known lengths as [batch, height, width, channels].
    func channelsLast(_ dimensions: [Dimension]) -> [Dimension]? {
        isChannelsLast ? dimensions : ImageLayout.channelsLast.applied(to: dimensions)
    }

    /// Lengths given as [batch, height, width, channels], in the order of the node.
    func inNodeOrder(_ dimensions: [Dimension]) -> [Dimension]? {
        isChannelsLast ? dimensions : ImageLayout.channelsFirst.applied(to: dimensions)
    }
}
