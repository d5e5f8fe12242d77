import QTuneKernels
import QTuneTensor

/// The checked operands of a convolution of integers: each operand minus its zero point, padding standing for zero.
struct IntegerConvolutionOperands {
    let shape: ConvolutionOperands
    let input: Tensor
    private let zeroPoint: Int32
    private let weights: Tensor
    private let weightZeroPoints: [Int32]
    private let bias: Tensor?

    /// - Parameters:
    ///   - weightZeroPoints: one, or one for each output channel.
    ///   - bias: one for each output channel.
    init(
        input: Tensor, zeroPoint: Int32, weights: Tensor, weightZeroPoints: [Int32], bias: Tensor?, groups: Int,
        _ attributes: WindowAttributes
    ) throws {
        shape = try ConvolutionOperands(
            input: input.shape, weights: weights.shape, bias: bias?.shape, groups: groups, attributes)
        guard [1, shape.outputChannels].contains(weightZeroPoints.count) else {
            throw QTuneError(
                .invalidInput, "\(weightZeroPoints.count) zero points for \(shape.outputChannels) output channels")
        }
        (self.input, self.zeroPoint, self.weights) = (input, zeroPoint, weights)
        (self.weightZeroPoints, self.bias) = (weightZeroPoints, bias)
    }

    /// The convolution by kernels; nil where they do not take such operands.
    func packed(_ epilogue: IntegerEpilogue) throws -> PackedIntegerConvolution? {
        try PackedIntegerConvolution(
            shape, inputType: input.dtype, zeroPoint: zeroPoint, weights: weights, weightZeroPoints: weightZeroPoints,
            bias: bias, epilogue: epilogue)
    }

    /// The exact int32 sums, tap by tap: for any integer types of at most 32 bits and one to three spatial axes.
    func sums() throws -> Tensor {
        let perOutput = weights.count / max(1, shape.outputChannels)
        let centeredInput = Tensor(try input.smallIntegers().map { $0 &- zeroPoint }, shape: input.shape)
        let centeredWeights = Tensor(
            try weights.smallIntegers().enumerated().map { index, weight in
                weight &- weightZeroPoints[weightZeroPoints.count == 1 ? 0 : index / perOutput]
            }, shape: weights.shape)
        let offsets = try bias?.smallIntegers()
        let plane = shape.window.outputCount
        return Tensor(Int32.self, shape: shape.output) { sums in
            for index in sums.indices { sums[index] = offsets.map { $0[index / plane % shape.outputChannels] } ?? 0 }
            centeredInput.withSpan(of: Int32.self) { input in
                centeredWeights.withSpan(of: Int32.self) { shape.accumulate(input, $0, into: &sums) }
            }
        }
    }
}
