import QTuneGraph
import QTuneKernels
import QTuneTensor

/// A convolution of each channel alone along one axis that looks only back, over the end of the sequence before where
/// one is given.
struct CausalConvWithState: Operator {
    static let name = "CausalConvWithState"
    static let versions = [27]

    private let activates: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...4, outputs: 1...2)
        switch try node.string("activation") ?? "none" {
        case "none": activates = false
        case "silu", "swish": activates = true
        case let other: throw QTuneError(.invalidModel, "attribute 'activation' is '\(other)', not none, silu or swish")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let (input, weight) = (context[0].dimensions, context[1].dimensions)
        for dimensions in [input, weight] {
            if let dimensions, dimensions.count != 3 {
                throw QTuneError(.invalidModel, "an operand of \(dimensions), not of 3 axes")
            }
        }
        let state = input.map { input in
            [input[0], input[1], weight.map { DimensionArithmetic.subtract($0[2], .fixed(1)) } ?? .unknown]
        }
        return [.tensor(context[0].dtype, input), .tensor(context[0].dtype, state)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, weight) = (try context.tensor(0), try context.tensor(1))
        let sizes = try Sizes(input, weight, bias: context.optionalTensor(2), past: context.optionalTensor(3))
        let padded = sizes.padded(input, past: try context.optionalTensor(3))
        let output = try context.makeOutput(0, input.dtype, input.shape)
        let target = WorkingCopy<Float>(output)
        let bias = try context.optionalTensor(2)?.floats() ?? [Float](repeating: 0, count: sizes.channels)
        let wide = padded.widened()
        let weights = try weight.floats()
        let rounding = FloatRounding(input.dtype) ?? .none
        context.pool.run(over: sizes.batches * sizes.channels, grain: 4) { rows in
            wide.withSpan(of: Float.self) { source in
                target.tensor.withMutableSpan(of: Float.self) { target in
                    for row in rows {
                        let channel = row % sizes.channels
                        sizes.convolve(row, source, weights, channel, bias[channel], into: &target)
                        if activates { activate(row * sizes.length..<(row + 1) * sizes.length, &target, rounding) }
                    }
                }
            }
        }
        target.finish()
        return [.tensor(output), .tensor(try sizes.end(of: padded, in: context))]
    }

    private func activate(_ range: Range<Int>, _ numbers: inout MutableSpan<Float>, _ rounding: FloatRounding) {
        for index in range {
            let x = numbers[index].rounded(by: rounding)
            numbers[index] = x / (1 + (-x).exponential)
        }
    }

    /// The checked lengths of the axes.
    private struct Sizes {
        let batches: Int
        let channels: Int
        let length: Int
        let taps: Int
        /// [batch, channels, taps - 1 + length]
        let paddedShape: Shape

        init(_ input: Tensor, _ weight: Tensor, bias: Tensor?, past: Tensor?) throws {
            guard FloatRounding(input.dtype) != nil, input.dtype != .float64, weight.dtype == input.dtype,
                input.shape.rank == 3, weight.shape.rank == 3, weight.shape[0] == input.shape[1], weight.shape[1] == 1,
                weight.shape[2] > 0
            else {
                throw QTuneError(
                    .invalidInput,
                    "a causal convolution of \(input.dtype)\(input.shape) with "
                        + "\(weight.dtype)\(weight.shape)")
            }
            (batches, channels, length) = (input.shape[0], input.shape[1], input.shape[2])
            taps = weight.shape[2]
            let state: Shape = [batches, channels, taps - 1]
            guard bias.map({ $0.dtype == input.dtype && $0.shape == [input.shape[1]] }) ?? true,
                past.map({ $0.dtype == input.dtype && $0.shape == state }) ?? true
            else { throw QTuneError(.invalidInput, "the bias or the state do not fit \(input.dtype)\(input.shape)") }
            paddedShape = try checkedShape([batches, channels, taps - 1 + length], operand: "the padded input")
            try MemoryLimit.check(input.dtype, paddedShape)
        }

        /// The input behind what came before it, zeros where nothing is given.
        func padded(_ input: Tensor, past: Tensor?) -> Tensor {
            let result = Tensor(zeros: input.dtype, shape: paddedShape)
            let strides = paddedShape.strides
            if let past {
                StridedCopy.copy(
                    past.shape.dimensions, from: past, StridedView(strides: past.shape.strides), to: result,
                    StridedView(strides: strides))
            }
            StridedCopy.copy(
                input.shape.dimensions, from: input, StridedView(strides: input.shape.strides), to: result,
                StridedView(offset: taps - 1, strides: strides))
            return result
        }

        /// The last `taps - 1` elements of each channel, as output 1.
        func end(of padded: Tensor, in context: EvaluationContext) throws -> Tensor {
            let result = try context.makeOutput(1, padded.dtype, [batches, channels, taps - 1])
            StridedCopy.fill(result, from: padded, StridedView(offset: length, strides: paddedShape.strides))
            return result
        }

        func convolve(
            _ row: Int, _ source: Span<Float>, _ weights: [Float], _ channel: Int, _ bias: Float,
            into target: inout MutableSpan<Float>
        ) {
            let start = row * (taps - 1 + length)
            for place in 0..<length {
                var sum = bias
                for tap in 0..<taps { sum += weights[channel * taps + tap] * source[start + place + tap] }
                target[row * length + place] = sum
            }
        }
    }
}
