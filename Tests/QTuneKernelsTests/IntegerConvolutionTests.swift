import QTuneKernels
import QTuneTensor
import Testing

@Suite struct IntegerConvolutionTests {
    /// A square window's case; channel counts and windows are chosen to leave remainders in every tile.
    private static func convolution(
        _ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int, kernel: (Int, Int), stride: (Int, Int) = (1, 1),
        dilation: (Int, Int) = (1, 1), padding: (Int, Int, Int, Int) = (0, 0, 0, 0), groups: Int = 1, batch: Int = 1
    ) -> ConvolutionShape {
        ConvolutionShape(
            batch: batch, inputHeight: height, inputWidth: width, inputChannels: inputs, outputChannels: outputs,
            groups: groups,
            window: SlidingWindow(
                kernel: Extent2D(height: kernel.0, width: kernel.1),
                stride: Extent2D(height: stride.0, width: stride.1),
                dilation: Extent2D(height: dilation.0, width: dilation.1),
                padding: Padding2D(top: padding.0, left: padding.1, bottom: padding.2, right: padding.3)))
    }

    static let shapes: [ConvolutionShape] = [
        // Pointwise: K and columns round every panel width, pixels round every tile height.
        convolution(1, 1, 1, 1, kernel: (1, 1)),
        convolution(1, 2, 3, 5, kernel: (1, 1)),
        convolution(3, 2, 4, 8, kernel: (1, 1)),
        convolution(1, 11, 8, 15, kernel: (1, 1)),
        convolution(3, 4, 16, 16, kernel: (1, 1)),
        convolution(1, 13, 17, 17, kernel: (1, 1)),
        convolution(5, 5, 64, 31, kernel: (1, 1)),
        convolution(7, 7, 65, 32, kernel: (1, 1)),
        convolution(5, 7, 33, 33, kernel: (1, 1), batch: 2),
        convolution(4, 6, 12, 47, kernel: (1, 1)),
        convolution(6, 5, 96, 96, kernel: (1, 1)),
        convolution(23, 1, 20, 113, kernel: (1, 1)),
        // Depths at which tiles are finished late, in some steps and in all of them: whole tiles, rows and columns over.
        convolution(7, 6, 168, 32, kernel: (1, 1)),
        convolution(6, 5, 365, 64, kernel: (1, 1)),
        convolution(7, 7, 177, 75, kernel: (1, 1)),
        convolution(9, 5, 16, 40, kernel: (3, 3), stride: (1, 2), padding: (1, 1, 1, 1), batch: 2),
        convolution(9, 7, 24, 40, kernel: (1, 1), stride: (2, 2)),
        convolution(5, 5, 8, 16, kernel: (1, 1), padding: (1, 0, 0, 2)),
        // General windows, the first layer's K = 27 among them.
        convolution(9, 8, 3, 16, kernel: (3, 3), stride: (2, 2), padding: (1, 1, 1, 1)),
        convolution(9, 10, 3, 33, kernel: (3, 3), padding: (0, 1, 2, 1)),
        convolution(6, 7, 5, 8, kernel: (2, 3), stride: (1, 2), padding: (1, 0, 0, 1)),
        convolution(8, 8, 16, 24, kernel: (3, 3), padding: (1, 1, 1, 1), batch: 2),
        convolution(11, 9, 7, 19, kernel: (3, 2), dilation: (2, 3), padding: (2, 3, 1, 2)),
        convolution(13, 13, 3, 20, kernel: (7, 7), stride: (2, 2), padding: (3, 3, 3, 3)),
        convolution(3, 3, 8, 8, kernel: (5, 5), padding: (4, 4, 4, 4)),
        // Windows that reach over the upper and the lower border at once.
        convolution(2, 9, 3, 10, kernel: (5, 1), padding: (2, 0, 2, 0)),
        convolution(3, 12, 3, 10, kernel: (4, 3), dilation: (2, 1), padding: (4, 0, 3, 0), batch: 2),
        // Windows that are read from the image: rows of sevens, with borders on every side and none, and steps.
        convolution(7, 7, 16, 24, kernel: (3, 3), padding: (1, 1, 1, 1), batch: 3),
        convolution(9, 14, 12, 33, kernel: (3, 3), padding: (0, 1, 2, 1)),
        convolution(15, 13, 8, 40, kernel: (3, 3), stride: (2, 2), padding: (1, 1, 1, 1)),
        convolution(6, 20, 4, 35, kernel: (2, 3), dilation: (2, 1), padding: (1, 2, 0, 1), batch: 2),
        convolution(14, 28, 32, 20, kernel: (1, 1), stride: (2, 2)),
        convolution(8, 16, 40, 66, kernel: (3, 3), batch: 2),
        convolution(2, 2, 4, 5, kernel: (3, 2), padding: (3, 3, 2, 3)),
        // More rows than are copied together.
        convolution(57, 56, 48, 8, kernel: (5, 5), padding: (2, 2, 2, 2)),
        convolution(45, 42, 64, 4, kernel: (3, 1), padding: (1, 0, 1, 0), batch: 2),
        // Steps and distances that leave no room for a copy of the image.
        convolution(1, 7, 4, 8, kernel: (1, 1), stride: (2_147_483_647, 1)),
        convolution(3, 7, 8, 8, kernel: (2, 1), dilation: (1_000_000, 1), padding: (1_000_000, 0, 0, 0)),
        // Groups, and depthwise with a multiplier.
        convolution(5, 6, 8, 12, kernel: (3, 3), padding: (1, 1, 1, 1), groups: 4),
        convolution(4, 5, 12, 6, kernel: (1, 1), groups: 3),
        convolution(5, 5, 6, 18, kernel: (3, 3), padding: (1, 1, 1, 1), groups: 6),
        // Depthwise.
        convolution(6, 5, 3, 3, kernel: (3, 3), padding: (1, 1, 1, 1), groups: 3),
        convolution(7, 6, 5, 5, kernel: (3, 3), stride: (2, 2), padding: (0, 1, 1, 0), groups: 5),
        convolution(7, 7, 8, 8, kernel: (5, 5), padding: (2, 2, 2, 2), groups: 8),
        convolution(6, 7, 15, 15, kernel: (3, 3), dilation: (2, 2), padding: (2, 2, 2, 2), groups: 15),
        convolution(5, 5, 16, 16, kernel: (3, 3), padding: (1, 1, 1, 1), groups: 16, batch: 2),
        convolution(5, 4, 17, 17, kernel: (2, 2), groups: 17),
        convolution(5, 5, 32, 32, kernel: (3, 3), padding: (1, 1, 1, 1), groups: 32),
        convolution(6, 5, 33, 33, kernel: (1, 3), padding: (0, 1, 0, 1), groups: 33),
        convolution(4, 4, 64, 64, kernel: (3, 3), padding: (1, 1, 1, 1), groups: 64),
        convolution(5, 6, 96, 96, kernel: (3, 3), stride: (2, 2), padding: (1, 1, 1, 1), groups: 96),
        convolution(4, 5, 131, 131, kernel: (7, 7), padding: (3, 3, 3, 3), groups: 131),
        convolution(2, 2, 200, 200, kernel: (1, 1), groups: 200),
        // Depthwise windows for every form of strip: phases, quads and the step between them, rows of odd lengths.
        convolution(9, 11, 70, 70, kernel: (3, 3), padding: (1, 1, 1, 1), groups: 70),
        convolution(8, 9, 20, 20, kernel: (5, 5), stride: (2, 2), padding: (2, 2, 2, 2), groups: 20),
        convolution(7, 13, 40, 40, kernel: (5, 5), padding: (2, 2, 2, 2), groups: 40, batch: 2),
        convolution(6, 11, 18, 18, kernel: (3, 8), padding: (1, 3, 1, 4), groups: 18),
        convolution(9, 10, 34, 34, kernel: (7, 7), stride: (2, 2), padding: (3, 3, 3, 3), groups: 34),
        convolution(7, 9, 5, 5, kernel: (3, 4), stride: (1, 4), groups: 5),
        convolution(6, 7, 6, 6, kernel: (2, 9), padding: (0, 4, 1, 4), groups: 6),
        convolution(6, 8, 6, 6, kernel: (3, 3), stride: (1, 3), padding: (1, 1, 1, 1), groups: 6),
    ]

    /// Types, zero points at both ends and in the middle, and values at the ends of their types.
    static let cases: [ConvolutionCase] = shapes.enumerated().flatMap { index, shape in
        let outputs = shape.outputChannels
        let mixedSigned = (0..<outputs).map { Int32([-128, 0, 127, 3][$0 % 4]) }
        let mixedUnsigned = (0..<outputs).map { Int32([0, 128, 255, 131][$0 % 4]) }
        return [
            ConvolutionCase(shape: shape, inputZeroPoint: 128, seed: index),
            ConvolutionCase(shape: shape, inputZeroPoint: 0, extreme: true, seed: index),
            ConvolutionCase(shape: shape, inputType: .int8, inputZeroPoint: -128, extreme: true, seed: index),
            ConvolutionCase(shape: shape, inputType: .int8, inputZeroPoint: 127, seed: index),
            ConvolutionCase(
                shape: shape, weightType: .uint8, inputZeroPoint: 255, weightZeroPoints: [128], extreme: true,
                seed: index),
            ConvolutionCase(
                shape: shape, inputType: .int8, weightType: .uint8, inputZeroPoint: 5, weightZeroPoints: mixedUnsigned,
                seed: index),
            // Weights less their zero point need 9 bits.
            ConvolutionCase(
                shape: shape, weightType: .uint8, inputZeroPoint: 9, weightZeroPoints: [0], extreme: true, seed: index),
            ConvolutionCase(
                shape: shape, weightType: .uint8, inputZeroPoint: 0, weightZeroPoints: [255], seed: index),
            ConvolutionCase(
                shape: shape, inputZeroPoint: 7, weightZeroPoints: mixedSigned, extreme: true, seed: index),
        ]
    }

    private static func epilogues(_ channels: Int, _ seed: Int) -> [IntegerEpilogue] {
        var noise = IntegerNoise(seed: seed)
        let scales = (0..<channels).map { _ in noise.float(0.0001...0.02) }
        return [
            .accumulators,
            // Multipliers of 1/2 make ties.
            .requantize(Requantization(multipliers: [0.5], zeroPoint: 0, dtype: .int8)),
            .requantize(Requantization(multipliers: scales, zeroPoint: 255, dtype: .uint8, lower: 3, upper: 250)),
            .requantize(Requantization(multipliers: scales, zeroPoint: -128, dtype: .int8)),
            // Far past what int32 holds.
            .requantize(Requantization(multipliers: [3.0e38], zeroPoint: 12, dtype: .uint8)),
            .dequantize(scales: scales, bias: scales.map { $0 * 3 }),
            .dequantize(scales: [0.125], lower: 0, upper: 6),
        ]
    }

    @Test(arguments: cases) func everyTierGivesTheDefinedBits(_ convolution: ConvolutionCase) throws {
        let shape = convolution.shape
        let (input, weights, bias, inputs, kernel) = convolution.operands()
        let sums = convolution.sums(inputs, kernel, bias)
        for epilogue in Self.epilogues(shape.outputChannels, convolution.seed) {
            let expected = sums.enumerated().map {
                IntegerReference.finish($1, channel: $0 % shape.outputChannels, epilogue)
            }
            for tier in CPUTier.available {
                let layer = try IntegerConvolution(
                    weights: weights, weightZeroPoints: convolution.weightZeroPoints, bias: bias,
                    inputType: convolution.inputType, inputZeroPoint: convolution.inputZeroPoint,
                    groups: shape.groups, stride: shape.stride, dilation: shape.dilation, epilogue: epilogue, tier: tier
                )
                let output = Tensor(zeros: epilogue.outputType, shape: convolution.outputShape)
                layer.run(input, padding: shape.padding, into: output, pool: ThreadPool(threads: 1))
                #expect(IntegerReference.results(output) == expected, "\(tier.name) \(epilogue.outputType)")
            }
        }
    }

    /// Sizes past the thresholds below which one thread does it all.
    @Test func threadsDoNotChangeTheBits() throws {
        let shapes = [
            Self.convolution(20, 21, 24, 40, kernel: (3, 3), padding: (1, 1, 1, 1)),
            Self.convolution(3, 3, 256, 600, kernel: (1, 1)),
            Self.convolution(31, 30, 40, 40, kernel: (3, 3), padding: (1, 1, 1, 1), groups: 40),
        ]
        for shape in shapes {
            let convolution = ConvolutionCase(shape: shape, inputType: .int8, inputZeroPoint: 3, weightZeroPoints: [-2])
            let (input, weights, bias, inputs, kernel) = convolution.operands()
            let sums = convolution.sums(inputs, kernel, bias)
            for tier in CPUTier.available {
                for threads in [1, 2, 3] {
                    let layer = try IntegerConvolution(
                        weights: weights, weightZeroPoints: [-2], bias: bias, inputType: .int8, inputZeroPoint: 3,
                        groups: shape.groups, epilogue: .accumulators, tier: tier)
                    let output = Tensor(zeros: .int32, shape: convolution.outputShape)
                    layer.run(input, padding: shape.padding, into: output, pool: ThreadPool(threads: threads))
                    #expect(output.integers == sums, "\(tier.name), \(threads) threads")
                }
            }
        }
    }

    /// The zero point of the run moves the padding with it.
    @Test func zeroPointOfTheRun() throws {
        for groups in [1, 4] {
            let shape = Self.convolution(5, 5, 4, 4, kernel: (3, 3), padding: (1, 1, 1, 1), groups: groups)
            let convolution = ConvolutionCase(shape: shape, inputZeroPoint: 77)
            let (input, weights, bias, inputs, kernel) = convolution.operands()
            let expected = convolution.sums(inputs, kernel, bias).map { Float($0) * (0.5 * 0.25) }
            for tier in CPUTier.available {
                let layer = try IntegerConvolution(
                    weights: weights, bias: bias, inputType: .uint8, inputZeroPoint: 0, groups: groups,
                    epilogue: .dequantize(scales: [0.5]), tier: tier)
                let output = Tensor(zeros: .float32, shape: convolution.outputShape)
                layer.run(
                    input, inputZeroPoint: 77, inputScale: 0.25, padding: shape.padding, into: output,
                    pool: ThreadPool(threads: 1))
                #expect(output.array(of: Float.self) == expected, "\(tier.name)")
            }
        }
    }

    /// Each tier picks from each family the first row that it can run, which is the scalar reference for the lowest.
    @Test func everyTierPicksARow() throws {
        let families = KernelCatalog.families.filter { $0.name.hasPrefix("integer_") }
        #expect(families.count == 4)
        for family in families {
            #expect(family.rows.last?.instructions == [])
            #expect(Set(family.rows.map(\.name)).count == family.rows.count)
            for tier in CPUTier.all {
                let row = try #require(family.picked(for: tier))
                #expect(row.instructions.isSubset(of: tier.instructions))
            }
        }
    }
}
