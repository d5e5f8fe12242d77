import QTuneGraph
import QTuneTensor

/// `scale * (x - mean) / sqrt(variance + epsilon) + bias` for each channel of [batch, channels, ...]. In training mode
/// mean and variance are those of the input, and the running ones are outputs; before version 14 those of the input
/// too.
struct BatchNormalization: Operator {
    static let name = "BatchNormalization"
    static let versions = [7, 9, 14, 15]

    private let epsilon: Float
    private let momentum: Float
    private let trains: Bool
    /// Whether each element of an image has statistics of its own, not each channel.
    private let isElementwise: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 5...5, outputs: 1...5)
        epsilon = try node.float("epsilon") ?? 1e-5
        momentum = try node.float("momentum") ?? 0.9
        // Until version 14 the outputs that a node asks for said whether it trains.
        trains =
            node.opset >= 14
            ? try node.int("training_mode") ?? 0 != 0
            : (1..<node.node.outputs.count).contains(where: node.wantsOutput)
        isElementwise = try node.opset < 9 && node.int("spatial") ?? 1 == 0
        guard trains || !(1..<node.node.outputs.count).contains(where: node.wantsOutput) else {
            throw QTuneError(.invalidModel, "BatchNormalization has statistics to give in training mode only")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let statistics = InferredValue.tensor(context[3].dtype, context[3].dimensions)
        return [.tensor(context[0].dtype, context[0].dimensions)]
            + [InferredValue](repeating: statistics, count: max(0, context.outputCount - 1))
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let parameters = try (1...4).map { try context.tensor($0) }
        guard input.shape.rank >= 1 else { throw QTuneError(.invalidInput, "BatchNormalization of a scalar") }
        let planes = isElementwise ? input.shape.dimensions.dropFirst() : input.shape.dimensions.dropFirst().prefix(1)
        let channels = planes.reduce(1, *)
        let plane = isElementwise ? 1 : input.shape.dimensions.dropFirst(2).reduce(1, *)
        guard parameters.allSatisfy({ $0.shape.elementCount == channels }) else {
            throw QTuneError(
                .invalidInput, "\(channels) channels with parameters of \(parameters.map { $0.shape.description })")
        }
        var values = try parameters.map { try $0.doubles() }
        var running: [Value] = []
        if trains {
            let current = try statistics(input, channels: channels, plane: plane)
            let mixed = zip(values[2...3], current).map { old, new in
                zip(old, new).map { Double(momentum) * $0 + (1 - Double(momentum)) * $1 }
            }
            running = try zip(mixed + current, [2, 3, 2, 3]).map { values, index in
                let parameter = parameters[index]
                return .tensor(try Tensor.floats(values, dtype: parameter.dtype, shape: parameter.shape))
            }
            values.replaceSubrange(2...3, with: current)
        }
        let factors = (0..<channels).map { values[0][$0] / (values[3][$0] + Double(epsilon)).squareRoot() }
        let offsets = (0..<channels).map { values[1][$0] - values[2][$0] * factors[$0] }
        let normalized = try context.makeFloatOutput(0, input.dtype, input.shape) { output in
            if input.dtype == .float64 {
                apply(Double.self, input, plane, factors, offsets, into: output)
            } else {
                apply(
                    Float.self, input.widened(), plane, factors.map { Float($0) }, offsets.map { Float($0) },
                    into: output)
            }
        }
        return [normalized] + running.prefix(max(0, context.outputCount - 1))
    }

    private func apply<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ input: Tensor, _ plane: Int, _ factors: [Element], _ offsets: [Element], into output: Tensor
    ) {
        guard input.count > 0 else { return }
        input.withSpan(of: Element.self) { source in
            output.withMutableSpan(of: Element.self) { target in
                for start in stride(from: 0, to: source.count, by: plane) {
                    let channel = start / plane % factors.count
                    let (factor, offset) = (factors[channel], offsets[channel])
                    for index in start..<start + plane { target[index] = source[index] * factor + offset }
                }
            }
        }
    }

    /// Mean and variance of each channel over batch and space.
    private func statistics(_ input: Tensor, channels: Int, plane: Int) throws -> [[Double]] {
        let values = try input.doubles()
        var (sums, squares) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
        for (index, value) in values.enumerated() { sums[index / plane % channels] += value }
        let count = Double(max(1, input.count / max(1, channels)))
        let means = sums.map { $0 / count }
        for (index, value) in values.enumerated() {
            let channel = index / plane % channels
            squares[channel] += (value - means[channel]) * (value - means[channel])
        }
        return [means, squares.map { $0 / count }]
    }
}
