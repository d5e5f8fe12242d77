import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Convolution of [batch, channels, spatial...] with weights [outputs, channels / groups, taps...] and an optional
/// bias.
struct Conv: Operator {
    static let name = "Conv"
    static let versions = [1, 11, 22]

    private let attributes: WindowAttributes
    private let groups: Int
    private let hasBias: Bool
    /// Constant weights as the float32 kernels take them.
    private var packed: PackedConvolution?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3)
        attributes = try WindowAttributes(node)
        groups = try node.int("group") ?? 1
        hasBias = node.node.inputs.count > 2 && !node.node.inputs[2].isEmpty
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
                } else if let packed = try packed ?? packing(weights.widened(), bias?.widened()), input.count > 0 {
                    packed.run(input.widened(), operands.window, into: output, pool: context.pool)
                } else {
                    convolve(Float.self, operands, input.widened(), weights.widened(), bias?.widened(), into: output)
                }
            }
        ]
    }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        // A bias that is there and not constant does not show here; without one in the kernel the sum would lack it.
        guard let weights = constants[1], weights.dtype != .float64, !hasBias || constants[2] != nil,
            weights.dtype.isFloatingPoint, let packing = try packing(weights.widened(), constants[2]?.widened())
        else { return nil }
        var copy = self
        copy.packed = packing
        return copy
    }

    /// The packed form of float32 weights over one to three spatial axes; nil for others.
    private func packing(_ weights: Tensor, _ bias: Tensor?) throws -> PackedConvolution? {
        guard (3...5).contains(weights.shape.rank), weights.count > 0, weights.dtype == .float32, groups > 0,
            weights.shape[0].isMultiple(of: groups), bias?.count ?? weights.shape[0] == weights.shape[0],
            bias?.dtype ?? .float32 == .float32
        else { return nil }
        return try PackedConvolution(weights, bias, groups: groups, attributes)
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
