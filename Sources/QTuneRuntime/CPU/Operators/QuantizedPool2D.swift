internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// The largest 8-bit integer under each place of a window; scale and zero point stay.
struct QuantizedMaxPool2D: ImageOperator {
    static let name = "QuantizedMaxPool2D"
    static let domain = "qtune"
    static let versions = [1]

    private let window: ImageWindow
    private let order: ImageOrder

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        window = try ImageWindow(node, mayRoundUp: true)
        order = try ImageOrder(node)
    }

    static func imageOperands(of node: Node) -> [Int] { [0] }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        try window.inferPool(context[0], order, context[0].dtype)
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.windowMaximum }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let image = try order.channelsLast(try context.tensor(0), context)
        guard image.dtype == .uint8 || image.dtype == .int8 else {
            throw QTuneError(.invalidInput, "\(image.dtype) images, not 8-bit integers")
        }
        let (place, shape) = try window.placedPool(image)
        return try order.makeResult(image.dtype, shape, context) { result in
            IntegerElementwise.maxPool(image, window: place, into: result, pool: context.pool)
        }
    }
}

/// The mean under each place of a window, quantized anew. Without a kernel shape, of the whole image.
struct QuantizedAveragePool2D: ImageOperator {
    static let name = "QuantizedAveragePool2D"
    static let domain = "qtune"
    static let versions = [1]

    private let window: ImageWindow
    private let order: ImageOrder
    private let countsPadding: Bool
    private let x: QuantizationParameters
    private let y: QuantizationParameters

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        window = try ImageWindow(node, mayRoundUp: true)
        order = try ImageOrder(node)
        countsPadding = try node.int("count_include_pad") ?? 0 != 0
        x = try QuantizationAttributes.read("x", from: node)
        y = try QuantizationAttributes.read("y", from: node)
        guard !countsPadding || !window.attributes.roundsUp else {
            throw QTuneError(.unsupported, "padding that counts in windows that are rounded up")
        }
    }

    static func imageOperands(of node: Node) -> [Int] { [0] }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard window.attributes.kernel == nil else { return try window.inferPool(context[0], order, y.dtype) }
        guard let image = context[0].dimensions.flatMap({ order.channelsLast($0) }) else {
            return [.tensor(y.dtype, nil)]
        }
        return [.tensor(y.dtype, order.inNodeOrder([image[0], .fixed(1), .fixed(1), image[3]]))]
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.integerElementwise }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let image = try order.channelsLast(try context.tensor(0), context)
        guard image.dtype == x.dtype else { throw QTuneError(.invalidInput, "\(image.dtype) images, not \(x.dtype)") }
        guard window.attributes.kernel != nil else {
            let (batch, height, width, channels) = try image.checkedImage()
            guard height > 0, width > 0 else { throw QTuneError(.invalidInput, "images without pixels") }
            return try order.makeResult(y.dtype, [batch, 1, 1, channels], context) { result in
                IntegerElementwise.globalAverage(image, x, to: y, into: result, pool: context.pool)
            }
        }
        let (place, shape) = try window.placedPool(image)
        return try order.makeResult(y.dtype, shape, context) { result in
            IntegerElementwise.averagePool(
                image, x, window: place, countIncludesPadding: countsPadding, to: y, into: result, pool: context.pool)
        }
    }
}

extension ImageWindow {
    fileprivate func inferPool(_ input: InferredValue, _ order: ImageOrder, _ dtype: DType?) throws -> [InferredValue] {
        guard let image = input.dimensions.flatMap({ order.channelsLast($0) }), image.count == 4 else {
            return [.tensor(dtype, nil)]
        }
        let spatial = try attributes.outputDimensions(kernel: nil, input: Array(image[1...2]))
        return [.tensor(dtype, order.inNodeOrder([image[0]] + spatial + [image[3]]))]
    }

    /// The window over an image and the NHWC lengths of the result. Padding at the ends is made to fit: what rounding
    /// up adds, and what the last place does not reach, changes no result.
    fileprivate func placedPool(_ image: Tensor) throws -> (window: SlidingWindow, shape: Shape) {
        let (batch, height, width, channels) = try image.checkedImage()
        guard let kernel else { throw QTuneError(.invalidModel, "a pool without a window over two axes") }
        var (window, output) = try placed(kernel: kernel, height: height, width: width)
        let reach = { (places: Int, stride: Int, dilation: Int, taps: Int) in
            (places - 1) * stride + dilation * (taps - 1) + 1
        }
        let bottom = reach(output.height, window.stride.height, window.dilation.height, window.kernel.height)
        let right = reach(output.width, window.stride.width, window.dilation.width, window.kernel.width)
        window.padding.bottom = max(0, bottom - height - window.padding.top)
        window.padding.right = max(0, right - width - window.padding.left)
        return (window, [batch, output.height, output.width, channels])
    }
}
