internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// The largest element under each place of a window over float32 NHWC images.
struct MaxPool2D: Operator {
    static let name = "MaxPool2D"
    static let domain = "qtune"
    static let versions = [1]

    private let window: ImageWindow

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        window = try ImageWindow(node, mayRoundUp: true)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { try window.inferPool(context[0]) }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.windowMaximum }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        try window.evaluatePool(context) { input, window, output in
            Pooling.max(input, window: window, into: output, pool: context.pool)
        }
    }
}

/// The mean under each place of a window over float32 NHWC images.
struct AveragePool2D: Operator {
    static let name = "AveragePool2D"
    static let domain = "qtune"
    static let versions = [1]

    private let window: ImageWindow
    private let countsPadding: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        window = try ImageWindow(node, mayRoundUp: true)
        countsPadding = try node.int("count_include_pad") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { try window.inferPool(context[0]) }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.reduction }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        try window.evaluatePool(context) { input, window, output in
            Pooling.average(
                input, window: window, countIncludesPadding: countsPadding, into: output, pool: context.pool)
        }
    }
}

/// The mean of each channel of float32 NHWC images, [N, 1, 1, C].
struct GlobalAveragePool2D: Operator {
    static let name = "GlobalAveragePool2D"
    static let domain = "qtune"
    static let versions = [1]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] {
        guard let input = context[0].dimensions, input.count == 4 else { return [.tensor(context[0].dtype, nil)] }
        return [.tensor(context[0].dtype, [input[0], .fixed(1), .fixed(1), input[3]])]
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.reduction }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let (batch, _, _, channels) = try input.checkedImage()
        let output = try context.makeOutput(0, .float32, [batch, 1, 1, channels])
        Pooling.globalAverage(input, into: output, pool: context.pool)
        return [.tensor(output)]
    }
}

extension ImageWindow {
    fileprivate func inferPool(_ input: InferredValue) throws -> [InferredValue] {
        guard let dimensions = input.dimensions, dimensions.count == 4 else { return [.tensor(input.dtype, nil)] }
        let spatial = try attributes.outputDimensions(kernel: nil, input: Array(dimensions[1...2]))
        return [.tensor(input.dtype, [dimensions[0]] + spatial + [dimensions[3]])]
    }

    fileprivate func evaluatePool(
        _ context: EvaluationContext, _ pool: (Tensor, SlidingWindow, Tensor) -> Void
    ) throws -> [Value] {
        let input = try context.tensor(0)
        let (batch, height, width, channels) = try input.checkedImage()
        guard input.dtype == .float32 else { throw QTuneError(.invalidInput, "\(input.dtype) images, not float32") }
        guard let kernel else { throw QTuneError(.invalidModel, "a pool without a window over two axes") }
        let place = try placed(kernel: kernel, height: height, width: width)
        let output = try context.makeOutput(0, .float32, [batch, place.output.height, place.output.width, channels])
        pool(input, place.window, output)
        return [.tensor(output)]
    }
}
