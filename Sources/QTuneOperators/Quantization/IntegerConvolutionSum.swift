import QTuneGraph
import QTuneTensor

/// The exact int32 sums of a convolution of integers: each operand minus its zero point, padding standing for zero.
struct IntegerConvolutionSum {
    let operands: ConvolutionOperands
    /// Row-major, one for each element of the output.
    let sums: [Int32]

    /// - Parameters:
    ///   - weightZeroPoints: one, or one for each output channel.
    ///   - bias: one for each output channel.
    init(
        input: Tensor, zeroPoint: Int32, weights: Tensor, weightZeroPoints: [Int32], bias: Tensor?, groups: Int,
        _ attributes: WindowAttributes
    ) throws {
        let operands = try ConvolutionOperands(
            input: input.shape, weights: weights.shape, bias: bias?.shape, groups: groups, attributes)
        guard [1, operands.outputChannels].contains(weightZeroPoints.count) else {
            throw QTuneError(
                .invalidInput, "\(weightZeroPoints.count) zero points for \(operands.outputChannels) output channels")
        }
        let perOutput = weights.count / max(1, operands.outputChannels)
        let centeredInput = Tensor(try input.smallIntegers().map { $0 &- zeroPoint }, shape: input.shape)
        let centeredWeights = Tensor(
            try weights.smallIntegers().enumerated().map { index, weight in
                weight &- weightZeroPoints[weightZeroPoints.count == 1 ? 0 : index / perOutput]
            }, shape: weights.shape)
        let offsets = try bias?.smallIntegers()
        let plane = operands.window.outputCount
        let output = Tensor(Int32.self, shape: operands.output) { sums in
            for index in sums.indices { sums[index] = offsets.map { $0[index / plane % operands.outputChannels] } ?? 0 }
            centeredInput.withSpan(of: Int32.self) { input in
                centeredWeights.withSpan(of: Int32.self) { operands.accumulate(input, $0, into: &sums) }
            }
        }
        self.operands = operands
        sums = output.array(of: Int32.self)
    }
}
