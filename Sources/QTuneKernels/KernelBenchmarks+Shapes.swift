internal import QTuneTensor

extension KernelBenchmarks {
    /// The kernel that serves a convolution, on made-up numbers. Throws for shapes that do not fit together.
    /// - Parameters:
    ///   - image: [N, H, W, C].
    ///   - weights: [O, C / groups, height, width]; the groups follow from the channels.
    ///   - stride: along both axes.
    ///   - padding: on all sides; nil for half the window.
    ///   - isInteger: uint8 images and int8 weights instead of float32.
    public static func convolution(
        image: [Int], weights: [Int], stride: Int = 1, padding: Int? = nil, isInteger: Bool, tier: CPUTier
    ) throws -> Case {
        guard image.count == 4, weights.count == 4 else {
            throw QTuneError(
                .invalidArgument, "an image of \(image.count) and weights of \(weights.count) lengths",
                remedy: "give four each: NxHxWxC and OxIxHxW")
        }
        try checkLengths(image + weights + [stride])
        let groups = image[3] / weights[1]
        guard image[3] == groups * weights[1], groups > 0, weights[0] % groups == 0 else {
            throw QTuneError(
                .invalidArgument,
                "\(image[3]) channels and \(weights[0]) outputs do not divide into groups of \(weights[1])")
        }
        let padding = (height: padding ?? weights[2] / 2, width: padding ?? weights[3] / 2)
        try checkLengths([padding.height + 1, padding.width + 1])
        let shape = ConvolutionShape(
            batch: image[0], inputHeight: image[1], inputWidth: image[2], inputChannels: image[3],
            outputChannels: weights[0], groups: groups,
            window: SlidingWindow(
                kernel: Extent2D(height: weights[2], width: weights[3]),
                stride: Extent2D(height: stride, width: stride),
                padding: Padding2D(
                    top: padding.height, left: padding.width, bottom: padding.height, right: padding.width)))
        guard shape.outputHeight > 0, shape.outputWidth > 0 else {
            throw QTuneError(.invalidArgument, "the window does not fit into the image")
        }
        return try measurable(shape, isInteger: isInteger, tier: tier)
    }

    /// The kernel that serves a product with a constant matrix, [rows, depth] by [depth, columns], on made-up numbers.
    public static func product(
        rows: Int, depth: Int, columns: Int, isInteger: Bool, tier: CPUTier
    ) throws -> Case {
        try checkLengths([rows, depth, columns])
        let shape = ConvolutionShape(
            batch: 1, inputHeight: rows, inputWidth: 1, inputChannels: depth, outputChannels: columns,
            window: SlidingWindow(kernel: .one))
        return try measurable(shape, isInteger: isInteger, tier: tier)
    }

    private static func measurable(_ shape: ConvolutionShape, isInteger: Bool, tier: CPUTier) throws -> Case {
        let weights = shape.outputChannels.multipliedReportingOverflow(by: shape.inputChannelsPerGroup)
        let image = [shape.batch, shape.inputHeight, shape.inputWidth, shape.inputChannels]
        let result = [shape.batch, shape.outputHeight, shape.outputWidth, shape.outputChannels]
        guard !weights.overflow, isModest([weights.partialValue, shape.kernel.height, shape.kernel.width]),
            isModest(image), isModest(result)
        else {
            throw QTuneError(
                .invalidArgument, "the tensors are too large to be measured",
                remedy: "give shapes of at most \(mostElements) elements")
        }
        let layer = Layer(name: "", shape: shape)
        return isInteger ? layer.integerCase(tier) : layer.floatCase(tier)
    }

    private static let mostElements = 1 << 28

    private static func isModest(_ lengths: [Int]) -> Bool {
        Shape(checking: lengths).map { $0.elementCount <= mostElements } ?? false
    }

    private static func checkLengths(_ lengths: [Int]) throws {
        guard lengths.allSatisfy({ (1...mostElements).contains($0) }) else {
            throw QTuneError(.invalidArgument, "a length below 1, or far too large, among \(lengths)")
        }
    }
}
