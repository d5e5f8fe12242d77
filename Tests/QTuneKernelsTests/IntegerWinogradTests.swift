import QTuneKernels
import QTuneTensor
import Testing

/// Convolutions in squares: their bits are those of the definition, whatever the kernel transforms on the way.
@Suite struct IntegerWinogradTests {
    private static func convolution(
        _ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int, padding: (Int, Int, Int, Int) = (1, 1, 1, 1),
        batch: Int = 1
    ) -> ConvolutionShape {
        ConvolutionShape(
            batch: batch, inputHeight: height, inputWidth: width, inputChannels: inputs, outputChannels: outputs,
            groups: 1,
            window: SlidingWindow(
                kernel: Extent2D(height: 3, width: 3), stride: .one, dilation: .one,
                padding: Padding2D(top: padding.0, left: padding.1, bottom: padding.2, right: padding.3)))
    }

    /// Sizes round that of a square, channels round every register and panel, paddings wider than a window.
    static let shapes: [ConvolutionShape] = [
        convolution(1, 1, 1, 1),
        convolution(0, 5, 70, 9, padding: (2, 2, 2, 2)),
        convolution(3, 3, 2, 3, padding: (0, 0, 0, 0)),
        convolution(4, 4, 3, 8),
        convolution(5, 4, 5, 9),
        convolution(6, 6, 7, 15, padding: (0, 0, 0, 0)),
        convolution(7, 5, 8, 16, batch: 3),
        convolution(8, 9, 9, 17, padding: (2, 0, 1, 3)),
        convolution(2, 13, 15, 31),
        convolution(13, 2, 16, 32, padding: (3, 4, 5, 2)),
        convolution(11, 7, 17, 33),
        convolution(9, 10, 31, 47, batch: 2),
        convolution(6, 7, 32, 48),
        convolution(10, 11, 33, 64),
        convolution(5, 6, 47, 65),
        convolution(4, 5, 64, 70),
        convolution(14, 15, 70, 20),
    ]

    /// More channels than windows are transformed of together.
    static let deepShapes: [ConvolutionShape] = [
        convolution(13, 14, 130, 5),
        convolution(2, 3, 150, 40),
        convolution(14, 14, 136, 32),
    ]

    /// Types, and zero points and weights at the ends of their ranges.
    static let cases: [ConvolutionCase] =
        shapes.enumerated().flatMap { index, shape in
            let mixed = (0..<shape.outputChannels).map { Int32([0, 128, 255, 131][$0 % 4]) }
            return [
                ConvolutionCase(shape: shape, inputZeroPoint: 121, seed: index),
                ConvolutionCase(shape: shape, inputZeroPoint: 0, extreme: true, seed: index),
                ConvolutionCase(shape: shape, inputZeroPoint: 255, weightZeroPoints: [127], extreme: true, seed: index),
                ConvolutionCase(shape: shape, inputType: .int8, inputZeroPoint: -128, extreme: true, seed: index),
                ConvolutionCase(
                    shape: shape, inputType: .int8, weightType: .uint8, inputZeroPoint: 127, weightZeroPoints: [0],
                    extreme: true, seed: index),
                ConvolutionCase(
                    shape: shape, weightType: .uint8, inputZeroPoint: 3, weightZeroPoints: mixed, extreme: true,
                    seed: index),
            ]
        } + deepShapes.map { ConvolutionCase(shape: $0, inputZeroPoint: 121, seed: $0.inputChannels) }

    private static func epilogues(_ channels: Int, _ seed: Int) -> [IntegerEpilogue] {
        var noise = IntegerNoise(seed: seed)
        let scales = (0..<channels).map { _ in noise.float(0.0001...0.02) }
        return [
            .accumulators,
            .requantize(Requantization(multipliers: [0.5], zeroPoint: 0, dtype: .int8)),
            .requantize(Requantization(multipliers: scales, zeroPoint: 250, dtype: .uint8, lower: 3, upper: 250)),
            .dequantize(scales: scales, bias: scales.map { $0 * 3 }),
        ]
    }

    private static func layer(
        _ convolution: ConvolutionCase, _ weights: Tensor, _ bias: [Int32], _ epilogue: IntegerEpilogue,
        _ transforms: IntegerConvolution.WindowTransforms, _ tier: CPUTier
    ) throws -> IntegerConvolution {
        try IntegerConvolution(
            weights: weights, weightZeroPoints: convolution.weightZeroPoints, bias: bias,
            inputType: convolution.inputType, inputZeroPoint: convolution.inputZeroPoint, epilogue: epilogue,
            transforms: transforms, tier: tier)
    }

    /// Every tier, with windows that are transformed when they are packed, and in each run.
    private static var variants: [(CPUTier, IntegerConvolution.WindowTransforms)] {
        CPUTier.available.flatMap { tier in [(tier, .always), (tier, .late)] }
    }

    private static func isTransformed(_ layer: IntegerConvolution) -> Bool {
        layer.work(outputElements: 1).kernel?.hasPrefix("qt_integer_winograd_") == true
    }

    @Test(arguments: cases) func everyTierGivesTheDefinedBits(_ convolution: ConvolutionCase) throws {
        let shape = convolution.shape
        let (input, weights, bias, inputs, kernel) = convolution.operands()
        let sums = convolution.sums(inputs, kernel, bias)
        for epilogue in Self.epilogues(shape.outputChannels, convolution.seed) {
            let expected = sums.enumerated().map {
                IntegerReference.finish($1, channel: $0 % shape.outputChannels, epilogue)
            }
            for (tier, transforms) in Self.variants {
                let layer = try Self.layer(convolution, weights, bias, epilogue, transforms, tier)
                #expect(Self.isTransformed(layer))
                let output = Tensor(zeros: epilogue.outputType, shape: convolution.outputShape)
                layer.run(input, padding: shape.padding, into: output, pool: ThreadPool(threads: 1))
                #expect(
                    IntegerReference.results(output) == expected, "\(tier.name) \(transforms) \(epilogue.outputType)")
            }
        }
    }

    @Test(arguments: cases) func everyTierAddsTheDefinedBits(_ convolution: ConvolutionCase) throws {
        let channels = convolution.shape.outputChannels
        let (input, weights, bias, inputs, kernel) = convolution.operands()
        let sums = convolution.sums(inputs, kernel, bias)
        var requantization = Requantization(multipliers: [0.001], zeroPoint: 7, dtype: .uint8, lower: 7, upper: 240)
        requantization.addition = .init(
            scale: 0.25, addend: QuantizationParameters(dtype: .uint8, scales: [0.5], zeroPoints: [255]),
            total: QuantizationParameters(dtype: .uint8, scales: [0.5], zeroPoints: [120]), clamp: 120...251)
        var noise = IntegerNoise(seed: convolution.seed + 1)
        let addends = noise.integers(sums.count, .uint8, extreme: convolution.extreme)
        let expected = sums.indices.map { index in
            let own = IntegerReference.finish(sums[index], channel: index % channels, .requantize(requantization))
            return IntegerReference.add(own, addends[index], requantization)
        }
        let addend = integerTensor(addends, .uint8, shape: convolution.outputShape)
        for (tier, transforms) in Self.variants {
            let layer = try Self.layer(convolution, weights, bias, .requantize(requantization), transforms, tier)
            let output = Tensor(zeros: .uint8, shape: convolution.outputShape)
            layer.run(
                input, padding: convolution.shape.padding, adding: addend, into: output, pool: ThreadPool(threads: 2))
            #expect(IntegerReference.results(output) == expected, "\(tier.name) \(transforms)")
        }
    }

    /// Squares of which one, two, three or four pixels lie in the image, along either axis.
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15]) func everySizeGivesTheDefinedBits(_ height: Int) throws {
        for (width, channels) in zip(
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15], [1, 3, 5, 6, 7, 9, 10, 13, 17, 18, 35, 36])
        {
            let shape = Self.convolution(height, width, channels, 37 - channels, batch: 1 + width % 2)
            let convolution = ConvolutionCase(
                shape: shape, weightType: .uint8, inputZeroPoint: 255, weightZeroPoints: [width % 2 == 0 ? 0 : 255],
                extreme: true, seed: width)
            let (input, weights, bias, inputs, kernel) = convolution.operands()
            let expected = convolution.sums(inputs, kernel, bias)
            for (tier, transforms) in Self.variants {
                let layer = try Self.layer(convolution, weights, bias, .accumulators, transforms, tier)
                for threads in [1, 2] {
                    let output = Tensor(zeros: .int32, shape: convolution.outputShape)
                    layer.run(input, padding: shape.padding, into: output, pool: ThreadPool(threads: threads))
                    #expect(output.integers == expected, "\(tier.name) \(transforms) \(width) \(threads)")
                }
            }
        }
    }

    /// Enough squares for several blocks, and so few that threads share the panels of weights.
    @Test func threadsDoNotChangeTheBits() throws {
        let shapes = [
            Self.convolution(70, 61, 40, 36), Self.convolution(7, 8, 40, 100),
            Self.convolution(62, 26, 20, 40, batch: 3),
        ]
        for shape in shapes {
            let convolution = ConvolutionCase(shape: shape, inputType: .int8, inputZeroPoint: 3)
            let (input, weights, bias, _, _) = convolution.operands()
            for (tier, transforms) in Self.variants {
                let results = try [1, 2, 3].map { threads in
                    let layer = try Self.layer(convolution, weights, bias, .accumulators, transforms, tier)
                    let output = Tensor(zeros: .int32, shape: convolution.outputShape)
                    layer.run(input, padding: shape.padding, into: output, pool: ThreadPool(threads: threads))
                    return output.integers
                }
                let products = try IntegerConvolution(
                    weights: weights, bias: bias, inputType: .int8, inputZeroPoint: 3, epilogue: .accumulators,
                    transforms: .never, tier: tier)
                let output = Tensor(zeros: .int32, shape: convolution.outputShape)
                products.run(input, padding: shape.padding, into: output, pool: ThreadPool(threads: 1))
                #expect(results.allSatisfy { $0 == output.integers }, "\(tier.name) \(transforms)")
            }
        }
    }

    /// The zero point of the run moves pixels and padding.
    @Test func zeroPointOfTheRun() throws {
        let convolution = ConvolutionCase(shape: Self.convolution(5, 6, 18, 20), inputZeroPoint: 77)
        let (input, weights, bias, inputs, kernel) = convolution.operands()
        let expected = convolution.sums(inputs, kernel, bias).map { Float($0) * (0.5 * 0.25) }
        for (tier, transforms) in Self.variants {
            var other = convolution
            other.inputZeroPoint = 0
            let layer = try Self.layer(other, weights, bias, .dequantize(scales: [0.5]), transforms, tier)
            let output = Tensor(zeros: .float32, shape: convolution.outputShape)
            layer.run(
                input, inputZeroPoint: 77, inputScale: 0.25, padding: convolution.shape.padding, into: output,
                pool: ThreadPool(threads: 1))
            #expect(output.array(of: Float.self) == expected, "\(tier.name) \(transforms)")
        }
    }

    /// Sums are exact below 2^25: that of 115 channels of weights 127 is 131,445 * 255 = 33,518,475, just below; that
    /// of 116 is not.
    @Test func windowsThatMightOverflowAreNotTransformed() throws {
        for (channels, isExact) in [(115, true), (116, false)] {
            let shape = Self.convolution(6, 6, channels, 2)
            let count = 36 * channels
            let weights = Tensor([Int8](repeating: 127, count: 2 * 9 * channels), shape: [2, channels, 3, 3])
            let input = Tensor([UInt8](repeating: 255, count: count), shape: [1, 6, 6, channels])
            for tier in CPUTier.available {
                let layer = try IntegerConvolution(
                    weights: weights, inputType: .uint8, inputZeroPoint: 0, epilogue: .accumulators,
                    transforms: .always, tier: tier)
                #expect(Self.isTransformed(layer) == isExact)
                let output = Tensor(zeros: .int32, shape: [1, 6, 6, 2])
                layer.run(input, padding: shape.padding, into: output, pool: ThreadPool(threads: 1))
                // Corners see four pixels, the inside nine.
                let values = try #require(output.integers)
                #expect(values[0] == 4 * channels * 127 * 255)
                #expect(values[14] == 9 * channels * 127 * 255)
            }
        }
    }

    /// Only dense windows of 3x3 that move by one pixel.
    @Test func otherWindowsAreNotTransformed() throws {
        func layer(_ shape: Shape, groups: Int = 1, stride: Int = 1, dilation: Int = 1) throws -> IntegerConvolution {
            try IntegerConvolution(
                weights: Tensor(zeros: .int8, shape: shape), inputType: .uint8, inputZeroPoint: 0, groups: groups,
                stride: Extent2D(height: stride, width: stride),
                dilation: Extent2D(height: dilation, width: dilation), epilogue: .accumulators, transforms: .always)
        }
        #expect(Self.isTransformed(try layer([64, 64, 3, 3])))
        #expect(!Self.isTransformed(try layer([64, 64, 3, 1])))
        #expect(!Self.isTransformed(try layer([64, 64, 5, 5])))
        #expect(!Self.isTransformed(try layer([64, 32, 3, 3], groups: 2)))
        #expect(!Self.isTransformed(try layer([64, 64, 3, 3], stride: 2)))
        #expect(!Self.isTransformed(try layer([64, 64, 3, 3], dilation: 2)))
    }
}
