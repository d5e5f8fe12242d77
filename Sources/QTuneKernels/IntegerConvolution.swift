internal import CQTuneKernels
package import QTuneTensor

/// A two-dimensional convolution over NHWC tensors of u8 or s8 with constant weights in s8 or u8, packed once; exact in
/// int32 (sums wrap), followed by an epilogue. The padding stands for real 0: it holds the input's zero point.
package final class IntegerConvolution: Sendable {
    package let inputType: DType
    package let inputChannels: Int
    package let outputChannels: Int
    /// The element type that `run` writes.
    package var outputType: DType { epilogue.outputType }

    /// The lengths of the window.
    package let kernelExtent: Extent2D
    private let stride: Extent2D
    private let dilation: Extent2D
    private let groups: Int
    private let epilogue: IntegerEpilogue
    private let tier: CPUTier
    private let implementation: Implementation
    private let inputZeroPoint: Int32
    /// One for each product, or the only one.
    private let channelStages: ChannelStages

    /// One product for each group, squares for windows of 3x3, or a depthwise kernel.
    private enum Implementation: Sendable {
        case products([IntegerProduct])
        case winograd(IntegerWinograd)
        case depthwise(IntegerDepthwise)
    }

    /// The row of the kernels' tables that does the work.
    var kernelName: String {
        switch implementation {
        case .depthwise(let depthwise): String(cString: depthwise.kernel.pointee.name)
        case .winograd(let winograd): winograd.kernelName
        case .products(let products): products.first?.kernelName ?? ""
        }
    }

    /// The family that serves a convolution with weights [O, I / groups, height, width] that are not too large to be
    /// transformed, and the row of its table.
    static func kernel(
        weights: Shape, groups: Int, stride: Extent2D, dilation: Extent2D, tier: CPUTier
    ) -> (family: KernelFamily, name: String) {
        if weights[1] == 1 && groups == weights[0] && groups > 1 {
            let row = IntegerKernels.depthwise(for: tier)
            return (IntegerKernels.depthwiseFamily, String(cString: row.pointee.name))
        }
        if IntegerWinograd.serves(weights: weights, groups: groups, stride: stride, dilation: dilation),
            IntegerWinograd.isFaster(weights: weights, tier: tier)
        {
            return (IntegerKernels.winogradFamily, IntegerWinograd.kernelName(weights: weights, tier: tier))
        }
        return (IntegerKernels.gemmFamily, String(cString: IntegerKernels.gemm(for: tier).pointee.name))
    }

    /// Whether a convolution with such weights is fastest as one product, which can pool its result.
    package static func canPool(weights: Shape, groups: Int, stride: Extent2D, dilation: Extent2D) throws -> Bool {
        let served = kernel(
            weights: weights, groups: groups, stride: stride, dilation: dilation, tier: try CPUTier.current)
        return groups == 1 && served.family == IntegerKernels.gemmFamily
    }

    private var isOneProduct: Bool {
        if case .products = implementation { return groups == 1 }
        return false
    }

    /// Products that are added up for each result.
    var termsPerSum: Int { inputChannels / groups * kernelExtent.area }

    /// Whether windows of 3x3 are transformed where that can be done: always, in each run, never, or if it is faster.
    package enum WindowTransforms: Sendable {
        case always, late, never, whereFaster
    }

    /// - Parameters:
    ///   - weights: [O, I / groups, kernel height, kernel width], `int8` or `uint8`.
    ///   - weightZeroPoints: one value, or one for each output channel.
    ///   - bias: int32, in units of input scale times weight scale, one for each output channel.
    ///   - inputType: `uint8` or `int8`.
    package init(
        weights: Tensor, weightZeroPoints: [Int32] = [0], bias: [Int32]? = nil, inputType: DType, inputZeroPoint: Int32,
        groups: Int = 1, stride: Extent2D = .one, dilation: Extent2D = .one, epilogue: IntegerEpilogue,
        transforms: WindowTransforms = .whereFaster, tier: CPUTier? = nil
    ) throws {
        guard weights.shape.rank == 4, groups > 0, weights.shape[0] % groups == 0, weights.count > 0,
            min(stride.height, stride.width, dilation.height, dilation.width) > 0
        else {
            throw QTuneError(
                .unsupported, "an integer convolution with weights of shape \(weights.shape) in \(groups) groups")
        }
        outputChannels = weights.shape[0]
        inputChannels = weights.shape[1] * groups
        kernelExtent = Extent2D(height: weights.shape[2], width: weights.shape[3])
        try IntegerOperands.validate(
            weights: weights.dtype, weightZeroPoints: weightZeroPoints, bias: bias, input: inputType,
            inputZeroPoint: inputZeroPoint, channels: outputChannels)
        try epilogue.validate(channels: outputChannels)
        (self.stride, self.dilation, self.groups) = (stride, dilation, groups)
        (self.inputType, self.inputZeroPoint, self.epilogue) = (inputType, inputZeroPoint, epilogue)
        let zeroPoints =
            weightZeroPoints.count == 1
            ? [Int32](repeating: weightZeroPoints[0], count: outputChannels) : weightZeroPoints
        let tier = try tier ?? CPUTier.current
        self.tier = tier
        if weights.shape[1] == 1 && groups == outputChannels && groups > 1 {
            guard !epilogue.adds else {
                throw QTuneError(.unsupported, "an addition in a depthwise convolution of integers")
            }
            let depthwise = IntegerDepthwise(
                weights: weights, zeroPoints: zeroPoints, bias: bias, stride: stride, dilation: dilation, tier: tier)
            implementation = .depthwise(depthwise)
        } else if transforms != .never,
            IntegerWinograd.serves(weights: weights.shape, groups: groups, stride: stride, dilation: dilation),
            transforms != .whereFaster || IntegerWinograd.isFaster(weights: weights.shape, tier: tier),
            let winograd = IntegerWinograd(
                weights: weights, zeroPoints: zeroPoints, bias: bias,
                isLate: transforms == .whereFaster ? nil : transforms == .late, tier: tier)
        {
            implementation = .winograd(winograd)
        } else {
            implementation = .products(
                Self.products(weights: weights, zeroPoints: zeroPoints, bias: bias, groups: groups, tier: tier))
        }
        let flip = Int32(IntegerOperands.flip(activations: inputType))
        channelStages = ChannelStages(
            Self.stages(
                epilogue, channels: outputChannels, inputZeroPoint: inputZeroPoint + flip, of: implementation),
            inputZeroPoint: inputZeroPoint, flip: flip)
    }

    /// Convolves `input` [N, H, W, I] into `output` [N, output height, output width, O].
    /// - Parameters:
    ///   - addend: of the output's shape and type, for an epilogue with an addition.
    ///   - pooling: a window, under each of whose places only the largest result is kept; `output` then has a row and
    ///     a column for each place, of which those past the padding see nothing there. Only for a convolution in one
    ///     group whose windows are never transformed, of float32 or 8-bit results, to which nothing is added.
    ///   - findsRange: whether to give the range of the output, which is float32.
    @discardableResult
    package func run(
        _ input: Tensor, padding: Padding2D, adding addend: Tensor? = nil, pooling: SlidingWindow? = nil,
        into output: Tensor, findsRange: Bool = false, pool: ThreadPool
    ) -> RealRange? {
        kernel(
            input, padding: padding, adding: addend, pooling: pooling, outputShape: output.shape,
            outputType: output.dtype, findsRange: findsRange, pool: pool
        ).run(nil, into: output)
    }

    /// The same for an input whose zero point, and whose scale if it is given, are known only now. The scale multiplies
    /// the scales of the epilogue.
    @discardableResult
    package func run(
        _ input: Tensor, inputZeroPoint: Int32, inputScale: Float?, padding: Padding2D, adding addend: Tensor? = nil,
        pooling: SlidingWindow? = nil, into output: Tensor, findsRange: Bool = false, pool: ThreadPool
    ) -> RealRange? {
        kernel(
            input, padding: padding, adding: addend, pooling: pooling, outputShape: output.shape,
            outputType: output.dtype, findsRange: findsRange, pool: pool
        ).run((inputZeroPoint, inputScale), into: output)
    }

    /// The convolution of images that lie in the same memory each time.
    /// - Parameters:
    ///   - image: [N, H, W, I].
    ///   - input: where the zero point and the scale of `image` lie.
    ///   - padding, addend, pooling: as `run` takes them.
    ///   - outputShape: [N, output height, output width, O].
    package func bound(
        _ image: Tensor, quantizedBy input: InputQuantization, padding: Padding2D, adding addend: Tensor?,
        pooling: SlidingWindow?, into results: IntegerResults, outputShape: Shape, pool: ThreadPool
    ) -> BoundIntegerKernel {
        precondition(results.count == outputShape.elementCount, "the results do not fit")
        return kernel(
            image, quantizedBy: input, padding: padding, adding: addend, pooling: pooling, outputShape: outputShape,
            outputType: results.dtype, results: results, findsRange: results.needsRange, pool: pool)
    }

    private func kernel(
        _ image: Tensor, quantizedBy input: InputQuantization = .known, padding: Padding2D, adding addend: Tensor?,
        pooling: SlidingWindow?, outputShape: Shape, outputType: DType, results: IntegerResults? = nil,
        findsRange: Bool, pool: ThreadPool
    ) -> BoundIntegerKernel {
        precondition(!findsRange || outputType == .float32, "the range of what is not real")
        precondition(image.shape.rank == 4 && image.shape[3] == inputChannels, "the input does not fit the weights")
        precondition(image.dtype == inputType && outputType == self.outputType, "types do not fit")
        // Windows over an image without pixels see padding only; kernels load what they then mask, so that there must
        // be a pixel to load.
        let pixels = image.count > 0 ? image : Tensor(zeros: image.dtype, shape: [inputChannels])
        let work = work(
            image.shape, of: pixels, padding: padding, adding: addend, pooling: pooling, outputShape: outputShape,
            findsRange: findsRange, pool: pool)
        return BoundIntegerKernel(
            work, channels: channelStages.addresses, input: input, results: results, findsRange: findsRange,
            pool: pool, keeping: [self, pixels, addend as Any])
    }

    /// The kernels' work on images of `inputShape` at the address of `input`, as `run` describes it; nil where there is
    /// nothing to compute. It does not keep the memory.
    private func work(
        _ inputShape: Shape, of input: Tensor, padding: Padding2D, adding addend: Tensor?, pooling: SlidingWindow?,
        outputShape: Shape, findsRange: Bool, pool: ThreadPool
    ) -> (any BoundIntegerWork)? {
        let window = SlidingWindow(kernel: kernelExtent, stride: stride, dilation: dilation, padding: padding)
        let shape = ConvolutionShape(
            batch: inputShape[0], inputHeight: inputShape[1], inputWidth: inputShape[2], inputChannels: inputChannels,
            outputChannels: outputChannels, groups: groups, window: window)
        check(shape, adding: addend, pooling: pooling, outputShape: outputShape)
        guard outputShape.elementCount > 0 else { return nil }
        let image = IntegerWindows(shape: shape, input: input, padding: UInt8(truncatingIfNeeded: inputZeroPoint))
        let (isSigned, outputBytes) = (inputType == .int8, outputType.bitWidth / 8)
        switch implementation {
        case .depthwise(let depthwise):
            return BoundDepthwise(
                depthwise, over: image, isSigned: isSigned, outputBytes: outputBytes, findsRange: findsRange, pool: pool
            )
        case .winograd(let winograd):
            return BoundWinograd(
                winograd, over: image, isSigned: isSigned, adding: addend?.address, findsRange: findsRange, pool: pool)
        case .products(let products):
            let product = BoundProducts(
                products, over: image, isSigned: isSigned, adding: addend.map { UnsafeRawPointer($0.address) },
                outputBytes: outputBytes, findsRange: findsRange, pool: pool)
            guard let pooling else { return product }
            return BoundPooledProduct(
                product, shape: shape, window: pooling,
                places: Extent2D(height: outputShape[1], width: outputShape[2]), dtype: outputType, tier: tier,
                findsRange: findsRange, pool: pool)
        }
    }

    private func check(
        _ shape: ConvolutionShape, adding addend: Tensor?, pooling: SlidingWindow?, outputShape: Shape
    ) {
        precondition((addend != nil) == epilogue.adds, "an addend without an addition, or the reverse")
        precondition(
            addend.map { $0.count == outputShape.elementCount && $0.dtype == outputType } ?? true,
            "the addend does not fit")
        guard pooling != nil else {
            return precondition(
                outputShape.elementCount == shape.outputPixels * outputChannels, "the output's shape does not fit")
        }
        precondition(isOneProduct, "what is no product pools its result")
        precondition(
            outputShape.rank == 4 && outputShape[0] == shape.batch && outputShape[3] == outputChannels,
            "the output's shape does not fit")
    }
}

extension IntegerConvolution {
    private static func products(
        weights: Tensor, zeroPoints: [Int32], bias: [Int32]?, groups: Int, tier: CPUTier
    ) -> [IntegerProduct] {
        let columns = weights.shape[0] / groups
        let taps = weights.shape[2] * weights.shape[3]
        let depth = weights.shape[1] * taps
        let flip = IntegerOperands.flip(weights: weights.dtype)
        return (0..<groups).map { group in
            let ordered = ScratchMemory.borrow(floats: columns * depth / MemoryLayout<Float>.stride + 1)
            defer { ScratchMemory.giveBack(ordered) }
            qt_integer_weights_order(
                weights.weightBytes + group * columns * depth, flip, columns, weights.shape[1], taps,
                ordered.base.assumingMemoryBound(to: Int8.self))
            extendLifetime(weights)
            let channels = group * columns..<(group + 1) * columns
            return IntegerProduct(
                weights: ordered, columns: columns, depth: depth,
                weightZeroPoints: zeroPoints[channels].map { $0 - Int32(flip) },
                bias: bias.map { Array($0[channels]) }, areLasting: true, tier: tier)
        }
    }

    /// `inputZeroPoint` is flipped with the input.
    private static func stages(
        _ epilogue: IntegerEpilogue, channels: Int, inputZeroPoint: Int32, of implementation: Implementation
    ) -> [ChannelStage] {
        switch implementation {
        case .depthwise(let depthwise):
            let prepared = PreparedEpilogue(epilogue, channels: channels, for: depthwise.kernel)
            return [ChannelStage(prepared, offsets: depthwise.offsets, inputZeroPoint: inputZeroPoint)]
        case .winograd(let winograd):
            let prepared = PreparedEpilogue(epilogue, channels: channels, for: nil)
            return [ChannelStage(prepared, offsets: winograd.offsets)]
        case .products(let products):
            let columns = channels / products.count
            return products.indices.map { group in
                let sliced = epilogue.sliced(group * columns..<(group + 1) * columns)
                return ChannelStage(
                    PreparedEpilogue(sliced, channels: columns, for: nil), offsets: products[group].offsets,
                    inputZeroPoint: inputZeroPoint)
            }
        }
    }
}

/// The windows of a convolution over a tensor, for kernels.
struct IntegerWindows {
    let shape: ConvolutionShape
    let input: UnsafePointer<UInt8>
    private let byteCount: Int
    /// The byte outside the image.
    let padding: UInt8

    /// `input` is kept alive by the caller.
    init(shape: ConvolutionShape, input: Tensor, padding: UInt8) {
        self.shape = shape
        self.input = input.bytes
        byteCount = input.byteCount
        self.padding = padding
    }

    func windows(firstChannel: Int, channels: Int) -> qt_integer_windows {
        qt_integer_windows(
            input: input + firstChannel, input_bytes: byteCount - firstChannel, height: shape.inputHeight,
            width: shape.inputWidth, channels: channels, pixel_stride: shape.inputChannels,
            output_height: shape.outputHeight, output_width: shape.outputWidth, kernel_height: shape.kernel.height,
            kernel_width: shape.kernel.width, stride_height: shape.stride.height, stride_width: shape.stride.width,
            dilation_height: shape.dilation.height, dilation_width: shape.dilation.width,
            pad_top: shape.padding.top, pad_left: shape.padding.left,
            padding: padding)
    }
}
