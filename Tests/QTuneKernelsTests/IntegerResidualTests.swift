import QTuneKernels
import QTuneTensor
import Testing

/// Convolutions that add a quantized tensor where they store.
@Suite struct IntegerResidualTests {
    static let cases = IntegerConvolutionTests.cases.filter {
        $0.shape.inputChannelsPerGroup > 1 || $0.shape.groups == 1
    }

    /// Parameters of the first result, the addend and the total in either type; a ratio of 1/2 makes ties, and bounds
    /// bite at both ends of both steps.
    private static func requantizations(_ channels: Int, _ seed: Int) -> [Requantization] {
        var noise = IntegerNoise(seed: seed)
        let scales = (0..<channels).map { _ in noise.float(0.0001...0.02) }
        func quantization(_ dtype: DType, _ scale: Float, _ zeroPoint: Int32) -> QuantizationParameters {
            QuantizationParameters(dtype: dtype, scales: [scale], zeroPoints: [zeroPoint])
        }
        var unsigned = Requantization(multipliers: scales, zeroPoint: 7, dtype: .uint8, lower: 7, upper: 240)
        unsigned.addition = .init(
            scale: 0.25, addend: quantization(.uint8, 0.5, 255), total: quantization(.uint8, 0.5, 120),
            clamp: 120...251)
        var signed = Requantization(multipliers: scales, zeroPoint: -128, dtype: .int8)
        signed.addition = .init(
            scale: 0.03, addend: quantization(.int8, 0.011, -128), total: quantization(.int8, 0.02, 127), clamp: nil)
        var overflowing = Requantization(multipliers: [3.0e38], zeroPoint: 0, dtype: .uint8)
        overflowing.addition = .init(
            scale: 1, addend: quantization(.uint8, 1, 0), total: quantization(.uint8, 1.0e-38, 12), clamp: nil)
        return [unsigned, signed, overflowing]
    }

    @Test(arguments: cases) func everyTierAddsTheDefinedBits(_ convolution: ConvolutionCase) throws {
        let shape = convolution.shape
        let (input, weights, bias, inputs, kernel) = convolution.operands()
        let sums = convolution.sums(inputs, kernel, bias)
        for requantization in Self.requantizations(shape.outputChannels, convolution.seed) {
            var noise = IntegerNoise(seed: convolution.seed + 1)
            let addends = noise.integers(sums.count, requantization.dtype, extreme: convolution.extreme)
            let expected = sums.indices.map { index in
                let own = IntegerReference.finish(
                    sums[index], channel: index % shape.outputChannels, .requantize(requantization))
                return IntegerReference.add(own, addends[index], requantization)
            }
            let addend = integerTensor(addends, requantization.dtype, shape: convolution.outputShape)
            for tier in CPUTier.available {
                let layer = try IntegerConvolution(
                    weights: weights, weightZeroPoints: convolution.weightZeroPoints, bias: bias,
                    inputType: convolution.inputType, inputZeroPoint: convolution.inputZeroPoint,
                    groups: shape.groups, stride: shape.stride, dilation: shape.dilation,
                    epilogue: .requantize(requantization), tier: tier)
                let output = Tensor(zeros: requantization.dtype, shape: convolution.outputShape)
                layer.run(
                    input, padding: shape.padding, adding: addend, into: output, pool: ThreadPool(threads: 2))
                #expect(IntegerReference.results(output) == expected, "\(tier.name) \(requantization.dtype)")
            }
        }
    }

    @Test func depthwiseKernelsRefuse() throws {
        var requantization = Requantization(multipliers: [1], zeroPoint: 0, dtype: .uint8)
        let parameters = QuantizationParameters(dtype: .uint8, scales: [1], zeroPoints: [0])
        requantization.addition = .init(scale: 1, addend: parameters, total: parameters, clamp: nil)
        #expect(throws: QTuneError.self) {
            try IntegerConvolution(
                weights: Tensor(zeros: .int8, shape: [4, 1, 3, 3]), inputType: .uint8, inputZeroPoint: 0, groups: 4,
                epilogue: .requantize(requantization))
        }
    }
}
