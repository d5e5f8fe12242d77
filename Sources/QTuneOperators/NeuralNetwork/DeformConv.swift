import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Convolution whose taps are moved by offsets that are computed with the network. Operands: x [batch, channels,
/// spatial...], weights [outputs, channels / groups, taps...], offsets [batch, offset groups * taps * axes,
/// positions...], bias [outputs], and a mask [batch, offset groups * taps, positions...] that each sample is multiplied
/// by.
struct DeformConv: Operator {
    static let name = "DeformConv"
    static let versions = [19, 22]

    private let attributes: WindowAttributes
    private let groups: Int
    private let offsetGroups: Int
    private let hasBias: Bool
    /// Constant weights and bias as the float32 kernels take them.
    private var packed: FloatMatrix?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...5)
        attributes = try WindowAttributes(node)
        groups = try node.int("group") ?? 1
        offsetGroups = try node.int("offset_group") ?? 1
        hasBias = node.node.inputs.count > 3 && !node.node.inputs[3].isEmpty
        guard groups > 0, offsetGroups > 0 else {
            throw QTuneError(.invalidModel, "\(groups) groups and \(offsetGroups) offset groups")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [
            try ConvolutionOperands.inferOutput(
                context[0].dtype, input: context[0], weights: context[1], attributes)
        ]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, weights, offsets) = (try context.tensor(0), try context.tensor(1), try context.tensor(2))
        let (bias, mask) = (try context.optionalTensor(3), try context.optionalTensor(4))
        guard [weights, offsets, bias, mask].allSatisfy({ $0?.dtype ?? input.dtype == input.dtype }) else {
            throw QTuneError(.invalidInput, "the operands of DeformConv are of different types")
        }
        let operands = try ConvolutionOperands(
            input: input.shape, weights: weights.shape, bias: bias?.shape, groups: groups, attributes)
        let window = operands.window
        let places = [input.shape[0]] + window.output
        func fits(_ tensor: Tensor?, channels: Int) -> Bool {
            guard let tensor else { return true }
            let (count, overflow) = offsetGroups.multipliedReportingOverflow(by: channels)
            return !overflow && tensor.shape.dimensions == [places[0], count] + places.dropFirst()
        }
        guard input.shape[1].isMultiple(of: offsetGroups),
            fits(offsets, channels: window.kernelCount * window.axes.count), fits(mask, channels: window.kernelCount)
        else {
            throw QTuneError(
                .invalidInput,
                "offsets \(offsets.shape) and mask \(mask?.shape ?? []) of \(offsetGroups) groups do not fit "
                    + "\(input.shape) with weights \(weights.shape)")
        }
        try MemoryLimit.check(.float64, operands.output)
        let sampler = DeformedPatches(operands: operands, offsetGroups: offsetGroups)
        try MemoryLimit.check(.float64, sampler.columns)
        return [
            try context.makeFloatOutput(0, input.dtype, operands.output) { output in
                if groups == 1, input.dtype != .float64, input.count > 0, weights.count > 0, sampler.isSmall {
                    sampler.convolvePixels(
                        input.widened(), try packed ?? DeformedPatches.matrix(weights.widened(), bias: bias?.widened()),
                        offsets.widened(), mask?.widened(), context.pool, into: output)
                    return
                }
                if input.dtype == .float64 {
                    sampler.convolve(Double.self, input, weights, offsets, mask, context.pool, into: output)
                } else {
                    sampler.convolve(
                        Float.self, input.widened(), weights.widened(), offsets.widened(), mask?.widened(),
                        context.pool, into: output)
                }
                if let bias { Self.add(try bias.doubles(), plane: window.outputCount, to: output) }
            }
        ]
    }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        guard groups == 1, let weights = constants[1], weights.dtype == .float32, weights.count > 0,
            weights.shape.rank >= 3, !hasBias || constants[3].map({ $0.count == weights.shape[0] }) ?? false,
            constants[3]?.dtype ?? .float32 == .float32
        else { return nil }
        var copy = self
        copy.packed = try DeformedPatches.matrix(weights, bias: constants[3])
        return copy
    }

    /// Adds to each plane the bias of its channel.
    private static func add(_ bias: [Double], plane: Int, to output: Tensor) {
        guard output.count > 0 else { return }
        if output.dtype == .float64 {
            output.withMutableSpan(of: Double.self) {
                for index in $0.indices { $0[index] += bias[index / plane % bias.count] }
            }
        } else {
            let bias = bias.map { Float($0) }
            output.withMutableSpan(of: Float.self) {
                for index in $0.indices { $0[index] += bias[index / plane % bias.count] }
            }
        }
    }
}
