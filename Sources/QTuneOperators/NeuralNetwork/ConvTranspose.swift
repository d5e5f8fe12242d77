import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Transposed convolution of [batch, channels, spatial...] with weights [channels, outputs / groups, taps...]: each
/// input element adds the weights, scaled by it, to the output.
struct ConvTranspose: Operator {
    static let name = "ConvTranspose"
    static let versions = [1, 11, 22]

    private let attributes: TransposedAttributes
    private let hasBias: Bool
    /// Constant weights as the float32 kernels take them.
    private var packed: PackedTransposition?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3)
        attributes = try TransposedAttributes(node)
        hasBias = node.node.inputs.count > 2 && !node.node.inputs[2].isEmpty
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let input = context[0].dimensions, let weights = context[1].dimensions, input.count >= 3,
            weights.count == input.count
        else { return [.tensor(context[0].dtype, nil)] }
        let channels = weights[1].value.flatMap { value -> Int? in
            let (product, overflow) = value.multipliedReportingOverflow(by: attributes.groups)
            return overflow ? nil : product
        }
        let spatial = try attributes.outputDimensions(Array(input.dropFirst(2)), taps: Array(weights.dropFirst(2)))
        return [.tensor(context[0].dtype, [input[0], channels.map(Dimension.fixed) ?? .unknown] + spatial)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, weights) = (try context.tensor(0), try context.tensor(1))
        let bias = try context.optionalTensor(2)
        let groups = attributes.groups
        guard input.shape.rank >= 3, weights.shape.rank == input.shape.rank, weights.shape[0] == input.shape[1],
            input.shape[1].isMultiple(of: groups), weights.dtype == input.dtype,
            bias?.dtype ?? input.dtype == input.dtype
        else {
            throw QTuneError(
                .invalidInput, "\(groups) groups of weights \(weights.shape) do not fit an input of \(input.shape)")
        }
        let window = try attributes.window(
            kernel: Array(weights.shape.dimensions.dropFirst(2)), input: Array(input.shape.dimensions.dropFirst(2)))
        let (channels, overflow) = weights.shape[1].multipliedReportingOverflow(by: groups)
        guard !overflow, let shape = Shape(checking: [input.shape[0], channels] + window.axes.map(\.input)),
            bias.map({ $0.count == channels }) ?? true
        else {
            throw QTuneError(
                .invalidInput, "ConvTranspose of \(input.shape) with \(weights.shape) and \(bias?.shape ?? [])")
        }
        let scatter = TransposedScatter(
            batch: input.shape[0], inputChannels: input.shape[1], outputChannels: channels, groups: groups,
            window: window)
        return [
            try context.makeFloatOutput(0, input.dtype, shape) { output in
                if input.dtype == .float64 {
                    scatter.run(Double.self, input, weights, bias, into: output)
                } else if input.count > 0, let packed = try packed ?? packing(weights.widened(), bias?.widened()) {
                    packed.run(input.widened(), window, into: output, pool: context.pool)
                } else {
                    scatter.run(Float.self, input.widened(), weights.widened(), bias?.widened(), into: output)
                }
            }
        ]
    }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        guard let weights = constants[1], !hasBias || constants[2] != nil, weights.dtype != .float64,
            weights.dtype.isFloatingPoint, let packing = try packing(weights.widened(), constants[2]?.widened())
        else { return nil }
        var copy = self
        copy.packed = packing
        return copy
    }

    /// The packed form of float32 weights over one to three spatial axes; nil for others.
    private func packing(_ weights: Tensor, _ bias: Tensor?) throws -> PackedTransposition? {
        let groups = attributes.groups
        guard (3...5).contains(weights.shape.rank), weights.count > 0, weights.dtype == .float32,
            weights.shape[0].isMultiple(of: groups), bias?.dtype ?? .float32 == .float32,
            bias.map({ $0.count / groups == weights.shape[1] && $0.count.isMultiple(of: groups) }) ?? true
        else { return nil }
        return try PackedTransposition(weights, bias, attributes)
    }
}

/// The loops of a transposed convolution. `window` is that of the convolution that undoes it: its input is our output.
private struct TransposedScatter {
    let batch: Int
    let inputChannels: Int
    let outputChannels: Int
    let groups: Int
    let window: Window

    func run<Element: MultiplyAccumulate>(
        _: Element.Type, _ input: Tensor, _ weights: Tensor, _ bias: Tensor?, into output: Tensor
    ) {
        let offsets = bias?.array(of: Element.self)
        let plane = window.inputCount
        input.withSpan(of: Element.self) { input in
            weights.withSpan(of: Element.self) { weights in
                output.withMutableSpan(of: Element.self) { output in
                    for index in output.indices {
                        output[index] = offsets.map { $0[index / plane % outputChannels] } ?? .zero
                    }
                    scatter(input, weights, into: &output)
                }
            }
        }
    }

    private func scatter<Element: MultiplyAccumulate>(
        _ input: Span<Element>, _ weights: Span<Element>, into output: inout MutableSpan<Element>
    ) {
        let (a, b, c) = window.cube
        let (groupInputs, groupOutputs) = (inputChannels / groups, outputChannels / groups)
        for image in 0..<batch {
            for channel in 0..<inputChannels {
                let source = (image * inputChannels + channel) * window.outputCount
                var weight = channel * groupOutputs * window.kernelCount
                for groupOutput in 0..<groupOutputs {
                    let outputChannel = channel / groupInputs * groupOutputs + groupOutput
                    let target = (image * outputChannels + outputChannel) * window.inputCount
                    for i in 0..<a.kernel {
                        for j in 0..<b.kernel {
                            for k in 0..<c.kernel {
                                let factor = weights[weight]
                                weight += 1
                                let columns = c.positions(ofTap: k)
                                for p in a.positions(ofTap: i) {
                                    let depth = (a.start(at: p) + i * a.dilation) * b.input
                                    for q in b.positions(ofTap: j) {
                                        let row = (depth + b.start(at: q) + j * b.dilation) * c.input
                                        let from = source + (p * b.output + q) * c.output
                                        for r in columns {
                                            let to = target + row + c.start(at: r) + k * c.dilation
                                            output[to] = output[to].adding(factor, times: input[from + r])
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
