import QTuneKernels
import QTuneTensor
import Testing

/// Convolutions that keep the largest of their results under each place of a window: those of the definition, whatever
/// part of the results is in memory at a time.
@Suite struct PooledConvolutionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let shape: ConvolutionShape
        let window: SlidingWindow
        /// Places beyond those that the window makes, as rounding up gives them.
        var more = 0
    }

    /// A convolution of 3 channels to 64, whose rows of 129 pixels take 33 KB, so that not many of them are kept.
    private static func wide(batch: Int = 1, height: Int = 37) -> ConvolutionShape {
        ConvolutionShape(
            batch: batch, inputHeight: height, inputWidth: 129, inputChannels: 3, outputChannels: 64,
            window: SlidingWindow(kernel: .one))
    }

    private static func window(
        _ height: Int, _ width: Int, stride: Int = 1, dilation: Int = 1, padding: Int = 0
    ) -> SlidingWindow {
        SlidingWindow(
            kernel: Extent2D(height: height, width: width), stride: Extent2D(height: stride, width: stride),
            dilation: Extent2D(height: dilation, width: dilation), padding: Padding2D(all: padding))
    }

    static let cases: [Case] = [
        Case(
            testDescription: "the first layers of a residual network",
            shape: ConvolutionShape(
                batch: 2, inputHeight: 41, inputWidth: 39, inputChannels: 3, outputChannels: 35,
                window: window(7, 7, stride: 2, padding: 3)),
            window: window(3, 3, stride: 2, padding: 1)),
        Case(
            testDescription: "one pixel",
            shape: ConvolutionShape(
                batch: 3, inputHeight: 1, inputWidth: 1, inputChannels: 5, outputChannels: 1,
                window: window(1, 1)), window: window(3, 3, padding: 1)),
        Case(
            testDescription: "windows of 3x3, which are not transformed",
            shape: ConvolutionShape(
                batch: 1, inputHeight: 9, inputWidth: 8, inputChannels: 32, outputChannels: 33,
                window: window(3, 3, padding: 1)), window: window(2, 3, stride: 2)),
        Case(
            testDescription: "windows that are read from the image, rows of sevens",
            shape: ConvolutionShape(
                batch: 2, inputHeight: 45, inputWidth: 41, inputChannels: 4, outputChannels: 48,
                window: window(3, 2, padding: 1)), window: window(3, 3, stride: 2, padding: 1)),
        Case(testDescription: "several bands", shape: wide(batch: 2), window: window(3, 3, stride: 2, padding: 1)),
        Case(
            testDescription: "windows that begin in the padding", shape: wide(),
            window: window(3, 3, stride: 2, padding: 2)),
        Case(
            testDescription: "windows of three that overlap by one, over few channels",
            shape: ConvolutionShape(
                batch: 1, inputHeight: 20, inputWidth: 37, inputChannels: 3, outputChannels: 80,
                window: window(3, 3, padding: 1)), window: window(3, 3, stride: 2, padding: 1)),
        Case(
            testDescription: "windows of three that overlap by one, over many channels",
            shape: ConvolutionShape(
                batch: 1, inputHeight: 8, inputWidth: 11, inputChannels: 3, outputChannels: 256,
                window: window(3, 3, padding: 1)), window: window(3, 3, stride: 2, padding: 1)),
        Case(testDescription: "windows side by side", shape: wide(), window: window(2, 2, stride: 2)),
        Case(testDescription: "windows that overlap", shape: wide(), window: window(4, 3, padding: 1)),
        Case(testDescription: "rows that no window sees", shape: wide(), window: window(2, 1, stride: 5)),
        Case(
            testDescription: "more rows under a window than a band has", shape: wide(), window: window(20, 2, stride: 3)
        ),
        Case(testDescription: "the whole image", shape: wide(batch: 2), window: window(37, 129)),
        Case(
            testDescription: "windows with holes", shape: wide(),
            window: window(3, 2, stride: 2, dilation: 5, padding: 2)),
        Case(
            testDescription: "windows that lie in the padding", shape: wide(height: 3),
            window: window(2, 2, stride: 3, dilation: 2, padding: 6)),
        Case(
            testDescription: "places that are rounded up", shape: wide(height: 18), window: window(3, 3, stride: 2),
            more: 1),
    ]

    /// The largest of `values` under each place of the window; `least` where it sees nothing.
    private func pooled<Value: Comparable>(_ values: [Value], least: Value, _ c: Case) -> (shape: Shape, [Value]) {
        let (shape, window) = (c.shape, c.window)
        let (height, width, channels) = (shape.outputHeight, shape.outputWidth, shape.outputChannels)
        let places: Shape = [
            shape.batch, window.outputHeight(of: height) + c.more, window.outputWidth(of: width) + c.more, channels,
        ]
        var result = [Value](repeating: least, count: places.elementCount)
        for index in result.indices {
            let (pixel, channel) = (index / channels, index % channels)
            let (image, y, x) = (
                pixel / places[2] / places[1], pixel / places[2] % places[1], pixel % places[2]
            )
            for ky in 0..<window.kernel.height {
                let row = y * window.stride.height + ky * window.dilation.height - window.padding.top
                guard (0..<height).contains(row) else { continue }
                for kx in 0..<window.kernel.width {
                    let column = x * window.stride.width + kx * window.dilation.width - window.padding.left
                    guard (0..<width).contains(column) else { continue }
                    result[index] = max(
                        result[index], values[((image * height + row) * width + column) * channels + channel])
                }
            }
        }
        return (places, result)
    }

    private func layer(
        _ convolution: ConvolutionCase, _ operands: (weights: Tensor, bias: [Int32]), _ epilogue: IntegerEpilogue,
        _ tier: CPUTier
    ) throws -> IntegerConvolution {
        try IntegerConvolution(
            weights: operands.weights, weightZeroPoints: convolution.weightZeroPoints, bias: operands.bias,
            inputType: convolution.inputType, inputZeroPoint: convolution.inputZeroPoint,
            stride: convolution.shape.stride, dilation: convolution.shape.dilation, epilogue: epilogue,
            transforms: .never, tier: tier)
    }

    @Test(arguments: cases, [DType.int8, .uint8]) func everyTierPoolsByTheDefinition(
        _ c: Case, _ inputType: DType
    ) throws {
        let convolution = ConvolutionCase(
            shape: c.shape, inputType: inputType, weightType: .uint8, inputZeroPoint: 3, weightZeroPoints: [120])
        let (input, weights, bias, inputs, kernel) = convolution.operands()
        let sums = convolution.sums(inputs, kernel, bias)
        var noise = IntegerNoise(seed: 5)
        let scales = (0..<c.shape.outputChannels).map { _ in noise.float(0.0001...0.02) }
        let epilogues: [IntegerEpilogue] = [
            .requantize(Requantization(multipliers: scales, zeroPoint: 90, dtype: .uint8)),
            .requantize(Requantization(multipliers: scales, zeroPoint: -7, dtype: .int8, lower: -7)),
            .dequantize(scales: scales, bias: scales.map { $0 * 300 - 2 }, lower: 0),
            // All of them below 0.
            .dequantize(scales: [0.001], bias: [-1e6]),
        ]
        for epilogue in epilogues {
            let isReal = epilogue.outputType == .float32
            let all = sums.enumerated().map {
                IntegerReference.finish($1, channel: $0 % c.shape.outputChannels, epilogue)
            }
            let reals = all.map { isReal ? Float(bitPattern: UInt32($0)) : Float($0) }
            let least = epilogue.outputType.integerRange.map { Float($0.lowerBound) } ?? -.infinity
            let (shape, expected) = pooled(reals, least: least, c)
            let range = RealRange(lower: min(0, expected.min() ?? 0), upper: max(0, expected.max() ?? 0))
            let current = try CPUTier.current
            for (tier, threads) in CPUTier.available.map({ ($0, 1) }) + [(current, 2), (current, 3)] {
                let output = Tensor(zeros: epilogue.outputType, shape: shape)
                let found = try layer(convolution, (weights, bias), epilogue, tier).run(
                    input, padding: c.shape.padding, pooling: c.window, into: output, findsRange: isReal,
                    pool: ThreadPool(threads: threads))
                let results = isReal ? output.array(of: Float.self) : output.integers?.map { Float($0) }
                #expect(results == expected, "\(tier.name), \(threads) threads, \(epilogue.outputType)")
                #expect(found == (isReal ? range : nil), "\(tier.name), \(threads) threads")
            }
        }
    }

    /// What is no number, by the bias, or by an infinite scale of sums that are 0.
    private static func oddEpilogues() -> [IntegerEpilogue] {
        var biases = [Float](repeating: -3, count: 64)
        (biases[3], biases[60], biases[62]) = (.nan, .infinity, -.infinity)
        return [-.infinity, 0].flatMap { lower -> [IntegerEpilogue] in
            [
                .dequantize(scales: [1e-3], bias: biases, lower: lower),
                .dequantize(scales: [.infinity], lower: lower),
                .dequantize(scales: [1e-3], bias: [0.5], lower: lower),
            ]
        }
    }

    /// NaN takes its windows with it, and is left out of the range; zero points and scales may be those of the run.
    @Test func nothingButPoolingChanges() throws {
        let shape = Self.wide()
        let window = Self.window(3, 3, stride: 2, padding: 1)
        let pool = ThreadPool(threads: 2)
        var numbers = [UInt8](repeating: 200, count: 37 * 129 * 3)
        for index in stride(from: 1000, to: 4000, by: 40) { numbers[index] = UInt8(index % 256) }
        let input = Tensor(numbers, shape: [1, 37, 129, 3])
        let convolution = ConvolutionCase(shape: shape)
        let weights = convolution.operands().weights
        let (all, places) = (Tensor(zeros: .float32, shape: convolution.outputShape), [1, 19, 65, 64] as Shape)
        let (expected, output) = (Tensor(zeros: .float32, shape: places), Tensor(zeros: .float32, shape: places))
        for tier in CPUTier.available {
            for epilogue in Self.oddEpilogues() {
                let layer = try layer(convolution, (weights, [Int32](repeating: 0, count: 64)), epilogue, tier)
                layer.run(input, inputZeroPoint: 200, inputScale: 0.3, padding: .none, into: all, pool: pool)
                Pooling.max(all, window: window, into: expected, pool: pool, tier: tier)
                let range = IntegerElementwise.range(of: expected, pool: pool)
                let found = layer.run(
                    input, inputZeroPoint: 200, inputScale: 0.3, padding: .none, pooling: window, into: output,
                    findsRange: true, pool: pool)
                #expect(IntegerReference.results(output) == IntegerReference.results(expected), "\(tier.name)")
                #expect(found == RealRange(lower: min(0, range.minimum), upper: max(0, range.maximum)), "\(tier.name)")
            }
        }
    }

    @Test func nothingHasARangeOfZero() throws {
        let layer = try IntegerConvolution(
            weights: Tensor(zeros: .int8, shape: [4, 3, 1, 1]), inputType: .uint8, inputZeroPoint: 0,
            epilogue: .dequantize(scales: [1], bias: [5]))
        let range = layer.run(
            Tensor(zeros: .uint8, shape: [0, 5, 5, 3]), padding: .none, pooling: Self.window(2, 2),
            into: Tensor(zeros: .float32, shape: [0, 4, 4, 4]), findsRange: true, pool: ThreadPool(threads: 1))
        #expect(range == RealRange(lower: 0, upper: 0))
    }
}
