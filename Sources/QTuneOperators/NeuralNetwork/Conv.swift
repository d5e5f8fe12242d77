import QTuneGraph
import QTuneTensor

/// Convolution of [batch, channels, spatial...] with weights [outputs, channels / groups, taps...] and an optional bias.
struct Conv: Operator {
    static let name = "Conv"
    static let versions = [1, 11, 22]

    private let attributes: WindowAttributes
    private let groups: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3)
        attributes = try WindowAttributes(node)
        groups = try node.int("group") ?? 1
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [try ConvolutionOperands.inferOutput(context[0].dtype, input: context[0], weights: context[1], attributes)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, weights) = (try context.tensor(0), try context.tensor(1))
        let bias = try context.optionalTensor(2)
        guard weights.dtype == input.dtype, bias?.dtype ?? input.dtype == input.dtype else {
            throw QTuneError(.invalidInput, "a convolution of \(input.dtype) with weights of \(weights.dtype)")
        }
        let operands = try ConvolutionOperands(
            input: input.shape, weights: weights.shape, bias: bias?.shape, groups: groups, attributes)
        return [
            try context.makeFloatOutput(0, input.dtype, operands.output) { output in
                if input.dtype == .float64 {
                    convolve(Double.self, operands, input, weights, bias, into: output)
                } else {
                    convolve(Float.self, operands, input.widened(), weights.widened(), bias?.widened(), into: output)
                }
            }
        ]
    }

    private func convolve<Element: MultiplyAccumulate>(
        _: Element.Type, _ operands: ConvolutionOperands, _ input: Tensor, _ weights: Tensor, _ bias: Tensor?,
        into output: Tensor
    ) {
        let offsets = bias?.array(of: Element.self)
        input.withSpan(of: Element.self) { input in
            weights.withSpan(of: Element.self) { weights in
                output.withMutableSpan(of: Element.self) { output in
                    let plane = operands.window.outputCount
                    for index in output.indices {
                        output[index] = offsets.map { $0[index / plane % operands.outputChannels] } ?? .zero
                    }
                    operands.accumulate(input, weights, into: &output)
                }
            }
        }
    }
}
