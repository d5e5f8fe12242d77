internal import CQTuneKernels
package import QTuneTensor

/// A float32 convolution of NHWC images with constant weights, packed once for one tier.
package final class FloatConvolution: Sendable {
    private enum Method {
        case depthwise(DepthwiseWeights)
        case winograd(WinogradWeights)
        /// Columns of each group.
        case product([PackedColumns])
    }

    package let inputChannels: Int
    package let outputChannels: Int
    package let groups: Int
    package let kernel: Extent2D
    package let stride: Extent2D
    package let dilation: Extent2D
    package let activation: Activation

    private let tier: CPUTier
    private let method: Method

    /// Packs `weights`, [O, I / groups, height, width].
    /// - Parameters:
    ///   - bias: O numbers.
    ///   - activation: what happens to each result last.
    ///   - isReused: whether many runs pay for the work of packing.
    /// - Throws: `invalidArgument` where types or shapes do not fit, or `QTUNE_CPU` names no tier.
    package init(
        weights: Tensor, bias: Tensor? = nil, groups: Int = 1, stride: Extent2D = .one, dilation: Extent2D = .one,
        activation: Activation = .none, isReused: Bool = true, tier: CPUTier? = nil
    ) throws {
        let shape = weights.shape
        guard weights.dtype == .float32, shape.rank == 4, shape[2] > 0, shape[3] > 0 else {
            throw QTuneError(
                .invalidArgument, "weights of a convolution are float32 [O, I, H, W], not \(weights.dtype) \(shape)")
        }
        guard groups > 0, shape[0] % groups == 0 else {
            throw QTuneError(.invalidArgument, "\(shape[0]) output channels do not split into \(groups) groups")
        }
        guard min(stride.height, stride.width, dilation.height, dilation.width) > 0 else {
            throw QTuneError(.invalidArgument, "a stride or dilation of a convolution is below 1")
        }
        guard let bias = FloatBias(bias, count: shape[0]) else {
            throw QTuneError(.invalidArgument, "the bias is not \(shape[0]) float32 numbers")
        }
        self.tier = try tier ?? CPUTier.current
        inputChannels = shape[1] * groups
        outputChannels = shape[0]
        self.groups = groups
        kernel = Extent2D(height: shape[2], width: shape[3])
        self.stride = stride
        self.dilation = dilation
        self.activation = activation
        switch Self.route(weights: shape, groups: groups, stride: stride, dilation: dilation, isReused: isReused) {
        case .depthwise:
            method = .depthwise(DepthwiseWeights(weights, bias: bias, tier: self.tier))
        case .winograd(let tile):
            method = .winograd(WinogradWeights(weights, bias: bias, tile: tile, tier: self.tier))
        case .product:
            method = .product(Self.pack(weights, bias: bias, groups: groups, tier: self.tier))
        }
    }

    /// The way that a convolution is done.
    private enum Route {
        case depthwise
        /// With squares of so many pixels along a side.
        case winograd(tile: Int)
        case product
    }

    private static func route(
        weights: Shape, groups: Int, stride: Extent2D, dilation: Extent2D, isReused: Bool
    ) -> Route {
        if DepthwiseWeights.serves(weights, groups: groups) { return .depthwise }
        guard isReused,
            let tile = WinogradWeights.tile(weights: weights, groups: groups, stride: stride, dilation: dilation)
        else { return .product }
        return .winograd(tile: tile)
    }

    /// The family that serves a convolution with weights [O, I / groups, height, width], and the row of its table.
    static func kernel(
        weights: Shape, groups: Int, stride: Extent2D, dilation: Extent2D, tier: CPUTier
    ) -> (family: KernelFamily, name: String) {
        switch route(weights: weights, groups: groups, stride: stride, dilation: dilation, isReused: true) {
        case .depthwise where weights[1] > 1:
            (FloatKernels.groupedFamily, String(cString: FloatKernels.grouped(for: tier).name))
        case .depthwise: (FloatKernels.depthwiseFamily, String(cString: FloatKernels.depthwise(for: tier).name))
        case .winograd(let tile):
            (FloatKernels.winogradFamily, String(cString: FloatKernels.winograd(for: tier, tile: tile).name))
        case .product: (FloatKernels.gemmFamily, String(cString: FloatKernels.gemm(for: tier).name))
        }
    }

    /// The row of the kernels' tables that does the work.
    var kernelName: String {
        switch method {
        case .depthwise(let weights): weights.kernelName
        case .winograd(let weights): weights.kernelName
        case .product: String(cString: FloatKernels.gemm(for: tier).name)
        }
    }

    /// The lengths of a run over an image batch of shape `input`, NHWC.
    package func shape(of input: Shape, padding: Padding2D) -> ConvolutionShape {
        ConvolutionShape(
            batch: input[0], inputHeight: input[1], inputWidth: input[2], inputChannels: inputChannels,
            outputChannels: outputChannels, groups: groups,
            window: SlidingWindow(kernel: kernel, stride: stride, dilation: dilation, padding: padding))
    }

    /// Writes `activation(convolution + bias + residual)` into `output`. Padding holds zeros.
    /// - Precondition: `input` is NHWC; output and residual are NHWC of the shape that results; the output has bytes
    ///   of its own, or the residual's.
    package func run(
        _ input: Tensor, padding: Padding2D = .none, residual: Tensor? = nil, into output: Tensor, pool: ThreadPool
    ) {
        BoundFloatConvolution(self, input, padding: padding, residual: residual, into: output, pool: pool).run()
    }

    /// What `run` does with those operands; nil where there are no results.
    func work(_ input: Tensor, padding: Padding2D, residual: Tensor?, into output: Tensor) -> (any BoundFloatWork)? {
        precondition(input.dtype == .float32 && output.dtype == .float32, "not float32")
        precondition(input.shape.rank == 4 && input.shape[3] == inputChannels, "\(input.shape) does not fit")
        let shape = shape(of: input.shape, padding: padding)
        precondition(
            output.shape == [shape.batch, shape.outputHeight, shape.outputWidth, outputChannels],
            "\(output.shape) is not the shape that results")
        precondition(residual == nil || residual?.shape == output.shape, "the residual has another shape")
        guard output.count > 0 else { return nil }
        let pixels = UnsafePointer(input.unsafeElements(Float.self))
        let added = residual.map { UnsafePointer($0.unsafeElements(Float.self)) }
        let target = output.unsafeElements(Float.self)
        let elementwise = FloatKernels.elementwise(for: tier)
        switch method {
        case .depthwise(let weights):
            return BoundFloatWeights(
                weights, shape,
                DepthwiseWeights.Operands(
                    input: pixels, residual: added, output: target, activation: activation, elementwise: elementwise))
        case .winograd(let weights):
            return BoundFloatWeights(
                weights, shape,
                WinogradWeights.Operands(
                    input: pixels, residual: added, output: target, activation: activation, elementwise: elementwise))
        case .product(let columns):
            let gatherer = PatchGatherer(shape, of: pixels)
            let products = columns.enumerated().map { group, columns in
                let first = group * columns.columns
                return GatheredProduct(
                    columns: columns, rows: shape.outputPixels, taps: gatherer.taps, depth: gatherer.depth,
                    floatsPerRow: gatherer.depth * min(gatherer.taps, kernel.height), output: target + first,
                    outputStride: outputChannels, residual: added.map { $0 + first }, activation: activation,
                    elementwise: elementwise)
            }
            return BoundFloatProducts(gatherer, products)
        }
    }

    /// The columns of each group: one output channel a column, its depth in the order window row, window column,
    /// input channel.
    private static func pack(_ weights: Tensor, bias: FloatBias, groups: Int, tier: CPUTier) -> [PackedColumns] {
        let shape = weights.shape
        let (channels, area) = (shape[1], shape[2] * shape[3])
        let perGroup = shape[0] / groups
        let depth = channels * area
        let kernel = FloatKernels.gemm(for: tier)
        let transpose = FloatKernels.transpose(for: tier)
        let packed = (0..<groups).map { group in
            let first = group * perGroup
            return PackedColumns(depth: depth, columns: perGroup, kernel: kernel, bias: { bias[first + $0] }) {
                panel, target in
                let column = first + panel.firstColumn
                weights.withAlignedFloats(column * depth..<(column + panel.columns) * depth) { filters in
                    guard area > 1 else {
                        return transpose.run(
                            MemoryLayout<Float>.stride, filters, depth, target, panel.width, panel.columns, depth)
                    }
                    for column in 0..<panel.columns {
                        let filter = filters + column * depth
                        for cell in 0..<area {
                            for channel in 0..<channels {
                                target[(cell * channels + channel) * panel.width + column] =
                                    filter[channel * area + cell]
                            }
                        }
                    }
                }
            }
        }
        extendLifetime(weights)
        return packed
    }
}
