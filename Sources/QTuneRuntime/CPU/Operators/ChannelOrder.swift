internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// NCHW to NHWC.
struct ChannelsLast: Operator {
    static let name = "ChannelsLast"
    static let domain = "qtune"
    static let versions = [1]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions.flatMap { ImageLayout.channelsLast.applied(to: $0) })]
    }

    var isView: Bool { true }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.transpose }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        [.tensor(try ImageLayout.channelsLast.rearrange(try context.tensor(0), context))]
    }
}

/// NHWC to NCHW.
struct ChannelsFirst: Operator {
    static let name = "ChannelsFirst"
    static let domain = "qtune"
    static let versions = [1]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions.flatMap { ImageLayout.channelsFirst.applied(to: $0) })]
    }

    var isView: Bool { true }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.transpose }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        [.tensor(try ImageLayout.channelsFirst.rearrange(try context.tensor(0), context))]
    }
}

/// The order of an image batch's axes.
enum ImageLayout: Sendable {
    /// NCHW.
    case channelsFirst
    /// NHWC.
    case channelsLast

    /// For each axis in this order, the axis of the other order.
    var permutation: [Int] {
        switch self {
        case .channelsLast: [0, 2, 3, 1]
        case .channelsFirst: [0, 3, 1, 2]
        }
    }

    /// Four values for the axes of the other order, in this order; nil where there are not four.
    func applied<Element>(to axes: [Element]) -> [Element]? {
        axes.count == 4 ? permutation.map { axes[$0] } : nil
    }

    /// Where an axis of the other order stands in this one.
    func position(of axis: Int) -> Int? { permutation.firstIndex(of: axis) }

    /// Whether the bytes of an image of those lengths (in the other order) are the same in both orders.
    func isView(_ axes: [Dimension]) -> Bool {
        guard let channelsFirst = self == .channelsLast ? axes : ImageLayout.channelsFirst.applied(to: axes) else {
            return false
        }
        return channelsFirst[1] == .fixed(1) || (channelsFirst[2] == .fixed(1) && channelsFirst[3] == .fixed(1))
    }

    /// An image batch of the other order in this one: a view where the bytes are the same.
    fileprivate func rearrange(_ image: Tensor, _ context: EvaluationContext) throws -> Tensor {
        guard let lengths = applied(to: image.shape.dimensions), image.dtype.bitWidth >= 8 else {
            throw QTuneError(.invalidInput, "\(image.dtype)\(image.shape) is no batch of images")
        }
        if isView(image.shape.dimensions.map(Dimension.fixed)) { return image.reshaped(to: Shape(lengths)) }
        let output = try context.makeOutput(0, image.dtype, Shape(lengths))
        Layout.transpose(image, permutation: permutation, into: output, pool: context.pool)
        return output
    }
}
