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
    private let inputZeroPoint: Int32
    private let epilogue: IntegerEpilogue
    private let tier: CPUTier
    private let implementation: Implementation
    /// One for each product, or the only one.
    private let stages: [ChannelStage]
    /// Words of all stages.
    private let stageWords: Int

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
        stages = Self.stages(
            epilogue, channels: outputChannels,
            inputZeroPoint: inputZeroPoint + Int32(IntegerOperands.flip(activations: inputType)), of: implementation)
        stageWords = stages.reduce(0) { $0 + $1.wordCount }
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
        withUnsafeTemporaryAllocation(of: ChannelParameters.self, capacity: stages.count) { parameters in
            for index in stages.indices { parameters.initializeElement(at: index, to: stages[index].parameters) }
            return run(
                input, zeroPoint: inputZeroPoint, UnsafeBufferPointer(parameters), padding: padding, adding: addend,
                pooling: pooling, into: output, findsRange: findsRange, pool: pool)
        }
    }

    /// The same for an input whose zero point, and whose scale if it is given, are known only now. The scale multiplies
    /// the scales of the epilogue.
    @discardableResult
    package func run(
        _ input: Tensor, inputZeroPoint: Int32, inputScale: Float?, padding: Padding2D, adding addend: Tensor? = nil,
        pooling: SlidingWindow? = nil, into output: Tensor, findsRange: Bool = false, pool: ThreadPool
    ) -> RealRange? {
        let zeroPoint = inputZeroPoint + Int32(IntegerOperands.flip(activations: inputType))
        return ScratchMemory.withFloats(stageWords) { words in
            withUnsafeTemporaryAllocation(of: ChannelParameters.self, capacity: stages.count) { parameters in
                var words = words
                for (index, stage) in stages.enumerated() {
                    parameters.initializeElement(
                        at: index, to: stage.parameters(zeroPoint: zeroPoint, scale: inputScale, words: words))
                    words += stage.wordCount
                }
                return run(
                    input, zeroPoint: inputZeroPoint, UnsafeBufferPointer(parameters), padding: padding,
                    adding: addend, pooling: pooling, into: output, findsRange: findsRange, pool: pool)
            }
        }
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

    private func run(
        _ input: Tensor, zeroPoint: Int32, _ parameters: UnsafeBufferPointer<ChannelParameters>, padding: Padding2D,
        adding addend: Tensor?, pooling: SlidingWindow?, into output: Tensor, findsRange: Bool, pool: ThreadPool
    ) -> RealRange? {
        precondition((addend != nil) == epilogue.adds, "an addend without an addition, or the reverse")
        precondition(!findsRange || outputType == .float32, "the range of what is not real")
        precondition(input.shape.rank == 4 && input.shape[3] == inputChannels, "the input does not fit the weights")
        precondition(input.dtype == inputType && output.dtype == outputType, "types do not fit")
        let window = SlidingWindow(kernel: kernelExtent, stride: stride, dilation: dilation, padding: padding)
        let shape = ConvolutionShape(
            batch: input.shape[0], inputHeight: input.shape[1], inputWidth: input.shape[2],
            inputChannels: inputChannels, outputChannels: outputChannels, groups: groups, window: window)
        precondition(
            pooling.map { _ in isOneProduct } ?? (output.count == shape.outputPixels * outputChannels),
            "the output's shape does not fit, or what is no product pools its result")
        precondition(
            addend.map { $0.count == output.count && $0.dtype == outputType } ?? true, "the addend does not fit")
        guard output.count > 0 else { return findsRange ? RealRange(lower: 0, upper: 0) : nil }
        // Windows over an image without pixels see padding only; kernels load what they then mask, so that there must
        // be a pixel to load.
        let pixels = input.count > 0 ? input : Tensor(zeros: inputType, shape: [inputChannels])
        let job = IntegerWindows(shape: shape, input: pixels, padding: UInt8(truncatingIfNeeded: zeroPoint))
        defer { extendLifetime((pixels, addend, output, self)) }
        switch implementation {
        case .depthwise(let depthwise):
            return depthwise.run(
                job, isSigned: inputType == .int8, parameters: parameters[0], into: output, findsRange: findsRange,
                pool: pool)
        case .winograd(let winograd):
            return winograd.run(
                shape,
                IntegerWinograd.Operands(
                    input: job.input, isSigned: inputType == .int8, zeroPoint: zeroPoint,
                    epilogue: parameters[0].adding(addend?.address).epilogue, output: output.address),
                findsRange: findsRange, pool: pool)
        case .products(let products):
            return run(
                products, over: job, parameters, adding: addend, pooling: pooling, into: output,
                findsRange: findsRange, pool: pool)
        }
    }

    /// All groups have the same shape, so that they share one division into parts.
    private func run(
        _ products: [IntegerProduct], over job: IntegerWindows, _ parameters: UnsafeBufferPointer<ChannelParameters>,
        adding addend: Tensor?, pooling: SlidingWindow?, into output: Tensor, findsRange: Bool, pool: ThreadPool
    ) -> RealRange? {
        let element = outputType.bitWidth / 8
        let channels = inputChannels / groups
        let columns = outputChannels / groups
        return withUnsafeTemporaryAllocation(of: qt_integer_windows.self, capacity: groups) { windows in
            withUnsafeTemporaryAllocation(of: qt_integer_product.self, capacity: groups) { jobs in
                for group in products.indices {
                    let window = windows.baseAddress.unsafelyUnwrapped + group
                    window.initialize(to: job.windows(firstChannel: group * channels, channels: channels))
                    let product = products[group].job(
                        source: job.shape.isEveryPixel
                            ? .rows(job.input + group * channels, stride: inputChannels)
                            : .windows(UnsafePointer(window)),
                        isSigned: inputType == .int8,
                        parameters: parameters[group].adding(addend.map { $0.address + group * columns * element }),
                        output: output.address + group * columns * element, outputStride: outputChannels * element)
                    jobs.initializeElement(at: group, to: product)
                }
                if let pooling {
                    return PooledProduct(jobs[0], shape: job.shape, window: pooling, output: output, tier: tier)
                        .run(findsRange: findsRange, pool: pool)
                }
                return products[0].run(
                    UnsafeBufferPointer(jobs), rows: job.shape.outputPixels, findsRange: findsRange, pool: pool)
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
