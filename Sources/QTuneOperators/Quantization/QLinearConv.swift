import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Convolution of quantized tensors: exact int32 sums with the bias, one float32 multiply by
/// `inputScale * weightScale / outputScale`, one rounding, one saturating addition of the zero point.
///
/// Operands: x, its scale and zero point; weights, their scales and zero points (one, or one for each output channel);
/// scale and zero point of the output; an int32 bias.
struct QLinearConv: Operator {
    static let name = "QLinearConv"
    static let versions = [10]

    private let attributes: WindowAttributes
    private let groups: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 8...9)
        attributes = try WindowAttributes(node)
        groups = try node.int("group") ?? 1
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [try ConvolutionOperands.inferOutput(context[7].dtype, input: context[0], weights: context[3], attributes)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let weightScales = try context.tensor(4).floats()
        let convolution = try IntegerConvolutionOperands(
            input: try context.tensor(0), zeroPoint: try context.zeroPoint(2), weights: try context.tensor(3),
            weightZeroPoints: try context.optionalTensor(5)?.smallIntegers() ?? [0],
            bias: try context.optionalTensor(8),
            groups: groups, attributes)
        let channels = convolution.shape.outputChannels
        guard [1, channels].contains(weightScales.count) else {
            throw QTuneError(.invalidInput, "\(weightScales.count) weight scales for \(channels) output channels")
        }
        let (inputScale, outputScale) = (try context.scale(1), try context.scale(6))
        let multipliers = weightScales.map { inputScale * $0 / outputScale }
        let dtype = try context.tensor(7).dtype
        let (zeroPoint, range) = (try context.zeroPoint(7), try dtype.quantizedRange())
        let plane = convolution.shape.window.outputCount
        let output = try context.makeOutput(0, dtype, convolution.shape.output)
        let requantization = Requantization(multipliers: multipliers, zeroPoint: zeroPoint, dtype: dtype)
        if dtype.isByte, let packed = try convolution.packed(.requantize(requantization)) {
            packed.run(convolution.input, into: output, pool: context.pool)
            return [.tensor(output)]
        }
        try output.writeSmallIntegers(
            try convolution.sums().array(of: Int32.self).enumerated().map { index, sum in
                let multiplier = multipliers[multipliers.count == 1 ? 0 : index / plane % channels]
                return quantized(Float(sum) * multiplier, zeroPoint: zeroPoint, range: range)
            })
        return [.tensor(output)]
    }
}
