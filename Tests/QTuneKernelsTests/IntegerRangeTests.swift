import QTuneKernels
import QTuneTensor
import Testing

/// What kernels that dequantize note of their results, and what they add to them.
@Suite struct IntegerRangeTests {
    /// Bounds of every kind, and a bias that takes all results to one side of 0.
    private static func epilogues(_ channels: Int, _ seed: Int, adds: Bool) -> [IntegerEpilogue] {
        var noise = IntegerNoise(seed: seed)
        let scales = (0..<channels).map { _ in noise.float(0.0001...0.02) }
        return [
            .dequantize(scales: scales, bias: scales.map { $0 * 3 }, adds: adds),
            .dequantize(scales: [0.001], bias: [1e6], lower: 0, adds: adds),
            .dequantize(scales: [0.001], bias: [-1e6], adds: adds),
            .dequantize(scales: scales, lower: 0, upper: 6, adds: adds),
            .dequantize(scales: scales, lower: -2, upper: 1.5, adds: adds),
            .dequantize(scales: scales, bias: [.nan], adds: adds),
            .dequantize(scales: [3e38], adds: adds),
        ]
    }

    private static func every(_ step: Int, of cases: [ConvolutionCase]) -> [ConvolutionCase] {
        cases.enumerated().filter { $0.offset % step == 1 }.map(\.element)
    }

    @Test(arguments: every(3, of: IntegerConvolutionTests.cases) + every(5, of: IntegerWinogradTests.cases))
    func everyTierFindsTheRange(_ convolution: ConvolutionCase) throws {
        let shape = convolution.shape
        let (input, weights, bias, inputs, kernel) = convolution.operands()
        let sums = convolution.sums(inputs, kernel, bias)
        var noise = IntegerNoise(seed: convolution.seed + 3)
        let addends = sums.map { _ in noise.float(-40...40) }
        let isDepthwise = shape.groups > 1 && shape.groups == shape.outputChannels && shape.inputChannelsPerGroup == 1
        for adds in isDepthwise ? [false] : [false, true] {
            for epilogue in Self.epilogues(shape.outputChannels, convolution.seed, adds: adds) {
                let expected = sums.indices.map { index in
                    Self.finish(
                        sums[index], channel: index % shape.outputChannels, adding: adds ? addends[index] : nil,
                        epilogue)
                }
                let numbers = expected.filter { !$0.isNaN }
                let range = RealRange(lower: min(0, numbers.min() ?? 0), upper: max(0, numbers.max() ?? 0))
                let addend = Tensor(addends, shape: convolution.outputShape)
                let pools = CPUTier.available.map { ($0, 1, IntegerConvolution.WindowTransforms.always) }
                let current = try CPUTier.current
                for (tier, threads, transforms) in pools + [(current, 2, .always), (current, 1, .late)] {
                    let layer = try IntegerConvolution(
                        weights: weights, weightZeroPoints: convolution.weightZeroPoints, bias: bias,
                        inputType: convolution.inputType, inputZeroPoint: convolution.inputZeroPoint,
                        groups: shape.groups, stride: shape.stride, dilation: shape.dilation, epilogue: epilogue,
                        transforms: transforms, tier: tier)
                    let output = Tensor(zeros: .float32, shape: convolution.outputShape)
                    let found = layer.run(
                        input, padding: shape.padding, adding: adds ? addend : nil, into: output, findsRange: true,
                        pool: ThreadPool(threads: threads))
                    #expect(found == range, "\(tier.name)")
                    #expect(Self.bits(output.array(of: Float.self)) == Self.bits(expected), "\(tier.name)")
                }
            }
        }
    }

    /// NaN counts as equal to NaN.
    private static func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? .max : $0.bitPattern } }

    /// Sum times scale, plus bias, plus addend, each rounded, between two bounds that keep NaN.
    private static func finish(_ sum: Int, channel: Int, adding addend: Float?, _ epilogue: IntegerEpilogue) -> Float {
        guard case .dequantize(let scales, let bias, let lower, let upper, _) = epilogue else { return 0 }
        func value(_ values: [Float]) -> Float { values.count == 1 ? values[0] : values[channel] }
        var result = Float(Int32(truncatingIfNeeded: sum)) * value(scales)
        result += bias.map(value) ?? 0
        if let addend { result += addend }
        if result.isNaN { return result }
        return result < lower ? lower : result > upper ? upper : result
    }

    @Test func nothingHasARangeOfZero() throws {
        let matrix = try IntegerMatrix(
            Tensor(zeros: .int8, shape: [3, 2]), inputType: .uint8, inputZeroPoint: 0,
            epilogue: .dequantize(scales: [1], bias: [5]))
        let range = matrix.run(
            Tensor(zeros: .uint8, shape: [0, 3]), into: Tensor(zeros: .float32, shape: [0, 2]), findsRange: true,
            pool: ThreadPool(threads: 1))
        #expect(range == RealRange(lower: 0, upper: 0))
    }
}
