internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// A convolution of 8-bit images with 8-bit weights, exact in int32. Operands: x, weights [O, I / groups, height,
/// width] and an optional bias, int32 in units of the sums or, for real results, float32; then, for an input that is
/// quantized while the network runs, its zero point and its scale, for which the attributes hold 0 and 1; last, an
/// image of the result's shape and type that is added to the quantized result, or to the real one before its clamp.
/// A second result, which only real ones have, holds the ends of the range of the first. With the attribute
/// `quantize_dynamically` the results are those of a DynamicQuantizeLinear of the real one, which nobody else sees.
/// Attributes of a MaxPool, `pool_strides` for example, pool the result, before its range is found.
struct IntegerConv2D: ImageOperator {
    static let name = "IntegerConv2D"
    static let domain = "qtune"
    static let versions = [1]

    private let attributes: Attributes
    private var packed: PackedWeights<IntegerConvolution>?

    init(_ node: NodeReader) throws { attributes = try Attributes(node) }

    /// What the node says. A class, so that a call takes one reference along and not a copy of all of it.
    private final class Attributes: Sendable {
        let window: ImageWindow
        let groups: Int
        let order: ImageOrder
        let input: QuantizationParameters
        let weights: WeightQuantization
        let output: IntegerOutput
        let addition: IntegerAddition?
        let pooling: ResultPooling?
        /// Whether there is an addend, and whether it is added to a real result.
        let adds: Bool
        let addsReals: Bool
        let findsRange: Bool
        let quantizesResult: Bool

        init(_ node: NodeReader) throws {
            try node.expect(inputs: 2...6, outputs: 1...3)
            window = try ImageWindow(node)
            groups = try node.int("group") ?? 1
            order = try ImageOrder(node)
            input = try QuantizationAttributes.read("x", from: node)
            weights = try WeightQuantization(node)
            output = try IntegerOutput(node)
            addition = try IntegerAddition(node)
            pooling = try ResultPooling(node)
            quantizesResult = try node.int(IntegerConv2D.quantizing) ?? 0 != 0
            findsRange = !quantizesResult && node.node.outputs.count > 1
            adds = node.node.inputs.count > IntegerConv2D.addend
            addsReals = adds && output.dtype == .float32
            try validate(node)
        }

        /// Where a call leaves its results; nil where somebody asks for what no kernel leaves.
        func results(_ values: BoundValues) -> IntegerResults? {
            guard quantizesResult else { return IntegerResults(values, findsRange: findsRange) }
            return DynamicResults(values).map(IntegerResults.quantized)
        }

        private func validate(_ node: NodeReader) throws {
            guard (addition != nil || addsReals) == adds,
                addition.map({ $0.addend.dtype == output.dtype && $0.total.dtype == output.dtype }) ?? true
            else { throw QTuneError(.invalidModel, "an addend that does not go with the result") }
            guard !findsRange || output.dtype == .float32 else {
                throw QTuneError(.invalidModel, "the range of a result that is not real")
            }
            guard !quantizesResult || (output.dtype == .float32 && order.isChannelsLast) else {
                throw QTuneError(.invalidModel, "only a real result in NHWC can be quantized over its own range")
            }
            guard pooling == nil || groups == 1 && order.isChannelsLast && !adds else {
                throw QTuneError(
                    .invalidModel, "only a result in NHWC, of one group and without addend, can be pooled")
            }
            guard quantizesResult || node.node.outputs.count < 3 else {
                throw QTuneError(.invalidModel, "three results of a convolution that quantizes nothing")
            }
        }
    }

    /// The attribute that asks for integers over the range of the real result, with their scale and zero point.
    static let quantizing = "quantize_dynamically"

    /// Where the image stands that is added.
    static let addend = 5

    static func imageOperands(of node: Node) -> [Int] { node.inputs.count > addend ? [0, addend] : [0] }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        guard let tensor = constants[1] else { return nil }
        var copy = self
        copy.packed = try pack(tensor, bias: constants[2])
        return copy
    }

    /// What packed weights depend on besides the weights.
    private struct Packing: Hashable {
        let groups: Int
        let strides: Extent2D
        let dilations: Extent2D
        let input: QuantizationParameters
        let weights: WeightQuantization
        let output: IntegerOutput
        let addition: IntegerAddition?
        let addsReals: Bool
        let isPooled: Bool
    }

    private func pack(_ tensor: Tensor, bias: Tensor?) throws -> PackedWeights<IntegerConvolution> {
        let (node, window) = (attributes, attributes.window)
        return try PackedWeightCache.shared.packed(
            [tensor] + (bias.map { [$0] } ?? []),
            parameters: Packing(
                groups: node.groups, strides: window.strides, dilations: window.dilations, input: node.input,
                weights: node.weights, output: node.output, addition: node.addition, addsReals: node.addsReals,
                isPooled: node.pooling != nil)
        ) {
            let addend = try IntegerBias(bias)
            return try IntegerConvolution(
                weights: tensor, weightZeroPoints: node.weights.zeroPoints, bias: addend.sums,
                inputType: node.input.dtype, inputZeroPoint: node.input.zeroPoints[0], groups: node.groups,
                stride: window.strides, dilation: window.dilations,
                epilogue: node.output.epilogue(
                    scales: node.weights.scales.map { node.input.scales[0] * $0 }, bias: addend.reals,
                    addition: node.addition, addsReals: node.addsReals),
                transforms: node.pooling == nil ? .whereFaster : .never)
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions, dimensions.count == 4, let taps = context[1].dimensions,
            let image = attributes.order.channelsLast(dimensions)
        else { return inferred([.unknown, .unknown, .unknown, .unknown]) }
        let kernel = taps.dropFirst(2).compactMap(\.value)
        let convolved = try attributes.window.attributes.outputDimensions(kernel: kernel, input: Array(image[1...2]))
        let spatial = try attributes.pooling?.outputDimensions(convolved) ?? convolved
        return inferred(attributes.order.inNodeOrder([image[0]] + spatial + [taps[0]]))
    }

    private func inferred(_ dimensions: [Dimension]?) -> [InferredValue] {
        if attributes.quantizesResult {
            return [.tensor(.uint8, dimensions), .tensor(.float32, []), .tensor(.uint8, [])]
        }
        return [.tensor(attributes.output.dtype, dimensions)] + (attributes.findsRange ? [RangeResult.inferred] : [])
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let kernel = try kernel(context)
        let image = try attributes.order.channelsLast(try context.tensor(0), context)
        let (batch, height, width, channels) = try image.checkedImage()
        guard channels == kernel.inputChannels, image.dtype == kernel.inputType else {
            throw QTuneError(
                .invalidInput,
                "\(image.dtype) images of \(channels) channels, not \(kernel.inputType) of \(kernel.inputChannels)")
        }
        let place = try attributes.window.placed(kernel: kernel.kernelExtent, height: height, width: width)
        let pooled = try attributes.pooling?.placed(
            over: place.output, channels: kernel.outputChannels, kernel.outputType)
        let extent = pooled?.output ?? place.output
        let shape: Shape = [batch, extent.height, extent.width, kernel.outputChannels]
        let dynamic = try DynamicInput(context, zeroPoint: 3, scale: 4)
        let addend = try addend(context, shape)
        // What the function reads is named here: it would copy the whole context.
        let (padding, pool) = (place.window.padding, context.pool)
        let findsRange = attributes.findsRange || attributes.quantizesResult
        func convolve(_ result: Tensor) -> RealRange? {
            guard let dynamic else {
                return kernel.run(
                    image, padding: padding, adding: addend, pooling: pooled?.window, into: result,
                    findsRange: findsRange, pool: pool)
            }
            return kernel.run(
                image, inputZeroPoint: dynamic.zeroPoint, inputScale: dynamic.scale, padding: padding, adding: addend,
                pooling: pooled?.window, into: result, findsRange: findsRange, pool: pool)
        }
        if attributes.quantizesResult { return try Self.quantized(shape, context, convolve) }
        var range: RealRange?
        let results = try attributes.order.makeResult(kernel.outputType, shape, context) { range = convolve($0) }
        return try RangeResult.appended(range, to: results, context)
    }

    func bound(_ values: BoundValues) -> (any BoundCall)? {
        guard attributes.order.isChannelsLast, let kernel = packed?.weights, let image = values.input(0),
            let output = values.output(0),
            let input = InputQuantization(values, zeroPoint: 3, scale: 4),
            let results = attributes.results(values), let (_, height, width, _) = try? image.checkedImage(),
            let place = try? attributes.window.placed(kernel: kernel.kernelExtent, height: height, width: width)
        else { return nil }
        let pooled = try? attributes.pooling?.placed(
            over: place.output, channels: kernel.outputChannels, kernel.outputType)
        guard (pooled == nil) == (attributes.pooling == nil) else { return nil }
        return kernel.bound(
            image, quantizedBy: input, padding: place.window.padding,
            adding: attributes.adds ? values.input(Self.addend) : nil, pooling: pooled?.window, into: results,
            outputShape: output.shape, pool: values.pool)
    }

    /// Integers for the real numbers that `convolve` writes and knows the range of, their scale and zero point.
    private static func quantized(
        _ shape: Shape, _ context: EvaluationContext, _ convolve: (Tensor) -> RealRange?
    ) throws -> [Value] {
        try MemoryLimit.check(.float32, shape)
        return try ScratchMemory.withFloats(shape) { real in
            guard let range = convolve(real) else {
                throw QTuneError(.internalError, "a convolution that does not know its range")
            }
            return try DynamicRange(lower: range.lower, upper: range.upper).results(real, context)
        }
    }

    private func kernel(_ context: EvaluationContext) throws -> IntegerConvolution {
        if let packed { return packed.weights }
        return try pack(try context.tensor(1), bias: try context.optionalTensor(2)).weights
    }

    /// What is added to a result of NHWC lengths `shape`.
    private func addend(_ context: EvaluationContext, _ shape: Shape) throws -> Tensor? {
        guard attributes.adds else { return nil }
        let image = try attributes.order.channelsLast(try context.tensor(Self.addend), context)
        guard image.shape == shape, image.dtype == attributes.output.dtype else {
            throw QTuneError(.invalidInput, "\(image.dtype)\(image.shape) cannot be added to a result of \(shape)")
        }
        return image
    }

    func work(_ inputs: [Value?], _ outputs: [Value]) -> KernelWork? {
        guard let kernel = packed?.weights else { return nil }
        guard attributes.pooling != nil else {
            return kernel.work(outputElements: outputs.first?.tensor?.count ?? 0)
        }
        guard let image = inputs.first??.tensor, image.shape.rank == 4,
            let place = try? attributes.window.placed(
                kernel: kernel.kernelExtent, height: image.shape[1], width: image.shape[2])
        else { return nil }
        return kernel.work(outputElements: image.shape[0] * place.output.area * kernel.outputChannels)
    }

    var inPlaceInputs: [Int] { [Self.addend] }
}
