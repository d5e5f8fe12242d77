internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// `activation(transposed convolution(x, weights) + bias)` of float32 NHWC images. Operands: x, weights [I, O / groups,
/// height, width], bias (optional).
struct ConvTranspose2D: Operator {
    static let name = "ConvTranspose2D"
    static let domain = "qtune"
    static let versions = [1]

    private let attributes: TransposedAttributes
    private let activation: Activation
    private var packed: PackedWeights<TransposedConvolution>?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3)
        attributes = try TransposedAttributes(node)
        activation = try ActivationAttributes.read(node)
    }

    /// What packed weights depend on besides the weights.
    private struct Packing: Hashable {
        let groups: Int
        let strides: Extent2D
        let dilations: Extent2D
        let activation: Activation
    }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        guard let weights = constants[1] else { return nil }
        var copy = self
        copy.packed = try pack(weights, bias: constants[2])
        return copy
    }

    private func pack(_ weights: Tensor, bias: Tensor?) throws -> PackedWeights<TransposedConvolution> {
        let window = attributes.window
        let packing = Packing(
            groups: attributes.groups, strides: Extent2D(lastOf: window.strides),
            dilations: Extent2D(lastOf: window.dilations), activation: activation)
        return try PackedWeightCache.shared.packed([weights] + (bias.map { [$0] } ?? []), parameters: packing) {
            try TransposedConvolution(
                weights: weights, bias: bias, groups: packing.groups, stride: packing.strides,
                dilation: packing.dilations, activation: activation)
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let input = context[0].dimensions, input.count == 4, let weights = context[1].dimensions,
            weights.count == 4, let outputs = weights[1].value
        else { return [.tensor(.float32, [.unknown, .unknown, .unknown, .unknown])] }
        let spatial = try attributes.outputDimensions(Array(input[1...2]), taps: Array(weights[2...]))
        return [.tensor(.float32, [input[0]] + spatial + [.fixed(outputs * attributes.groups)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let kernel = try (packed ?? pack(try context.tensor(1), bias: try context.optionalTensor(2))).weights
        let (batch, height, width, channels) = try input.checkedImage()
        guard channels == kernel.inputChannels, input.dtype == .float32 else {
            throw QTuneError(
                .invalidInput, "\(input.dtype) images of \(channels) channels, not float32 of \(kernel.inputChannels)")
        }
        let axes = try attributes.window(
            kernel: [kernel.kernel.height, kernel.kernel.width], input: [height, width]
        ).axes
        let output = try context.makeOutput(
            0, .float32, [batch, axes[0].input, axes[1].input, kernel.outputChannels])
        kernel.run(input, top: axes[0].padBefore, left: axes[1].padBefore, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    func work(_ inputs: [Value?], _ outputs: [Value]) -> KernelWork? {
        packed?.weights.work(inputElements: inputs.first??.tensor?.count ?? 0)
    }
}
