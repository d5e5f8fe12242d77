internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// `activation(convolution(x, weights) + bias + residual)` of float32 NHWC images. Operands: x, weights [O, I / groups,
/// height, width], bias (optional), residual (optional).
struct Conv2D: Operator {
    static let name = "Conv2D"
    static let domain = "qtune"
    static let versions = [1]

    private let window: ImageWindow
    private let groups: Int
    private let activation: Activation
    private var packed: PackedWeights<FloatConvolution>?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...4)
        window = try ImageWindow(node)
        groups = try node.int("group") ?? 1
        activation = try ActivationAttributes.read(node)
    }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        guard let weights = constants[1] else { return nil }
        var copy = self
        copy.packed = try pack(weights, bias: constants[2])
        return copy
    }

    /// What packed weights depend on besides the weights.
    private struct Packing: Hashable {
        let groups: Int
        let strides: Extent2D
        let dilations: Extent2D
        let activation: Activation
    }

    private func pack(_ weights: Tensor, bias: Tensor?) throws -> PackedWeights<FloatConvolution> {
        try PackedWeightCache.shared.packed(
            [weights] + (bias.map { [$0] } ?? []),
            parameters: Packing(
                groups: groups, strides: window.strides, dilations: window.dilations, activation: activation)
        ) {
            try made(weights, bias: bias, isReused: true)
        }
    }

    private func made(_ weights: Tensor, bias: Tensor?, isReused: Bool) throws -> FloatConvolution {
        try FloatConvolution(
            weights: weights, bias: bias, groups: groups, stride: window.strides, dilation: window.dilations,
            activation: activation, isReused: isReused)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let input = context[0].dimensions, input.count == 4, let weights = context[1].dimensions else {
            return [.tensor(.float32, [.unknown, .unknown, .unknown, .unknown])]
        }
        let kernel = weights.dropFirst(2).compactMap(\.value)
        let spatial = try window.attributes.outputDimensions(kernel: kernel, input: Array(input[1...2]))
        return [.tensor(.float32, [input[0]] + spatial + [weights[0]])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let kernel =
            try packed?.weights ?? made(try context.tensor(1), bias: try context.optionalTensor(2), isReused: false)
        let (batch, height, width, channels) = try input.checkedImage()
        guard channels == kernel.inputChannels, input.dtype == .float32 else {
            throw QTuneError(
                .invalidInput, "\(input.dtype) images of \(channels) channels, not float32 of \(kernel.inputChannels)")
        }
        let place = try window.placed(
            kernel: kernel.kernel, height: height, width: width)
        let output = try context.makeOutput(
            0, .float32, [batch, place.output.height, place.output.width, kernel.outputChannels])
        let residual = try context.optionalTensor(3)
        guard residual.map({ $0.shape == output.shape && $0.dtype == .float32 }) ?? true else {
            throw QTuneError(
                .invalidInput, "a residual of \(residual?.shape ?? .scalar) for a result of \(output.shape)")
        }
        kernel.run(input, padding: place.window.padding, residual: residual, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    func bound(_ values: BoundValues) -> (any BoundCall)? {
        guard let kernel = packed?.weights, let input = values.input(0), let output = values.output(0),
            let (_, height, width, _) = try? input.checkedImage(),
            let place = try? window.placed(kernel: kernel.kernel, height: height, width: width)
        else { return nil }
        return BoundFloatConvolution(
            kernel, input, padding: place.window.padding, residual: values.input(3), into: output, pool: values.pool)
    }

    func work(_ inputs: [Value?], _ outputs: [Value]) -> KernelWork? {
        packed?.weights.work(outputElements: outputs.first?.tensor?.count ?? 0)
    }

    var inPlaceInputs: [Int] { [3] }
}
