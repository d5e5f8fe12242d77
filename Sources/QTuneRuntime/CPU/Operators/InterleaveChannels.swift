internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// The channels of two NHWC images in turn, as one result or as the two halves of its channels: what concatenation, a
/// channel shuffle of two groups and a split make. Images of 8-bit integers are requantized where the node has scales.
struct InterleaveChannels: Operator {
    static let name = "InterleaveChannels"
    static let domain = "qtune"
    static let versions = [1]

    private let results: Int
    private let quantization: ChannelInterleaving.Quantization?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2, outputs: 1...2)
        results = node.node.outputs.count
        guard node.has("y_scale") else {
            quantization = nil
            return
        }
        quantization = ChannelInterleaving.Quantization(
            a: try QuantizationAttributes.read("a", from: node), b: try QuantizationAttributes.read("b", from: node),
            result: try QuantizationAttributes.read("y", from: node), clamp: try ClampAttribute.read(node))
        guard let quantization, quantization.a.dtype == quantization.result.dtype,
            quantization.b.dtype == quantization.result.dtype
        else { throw QTuneError(.unsupported, "operands and a result of unlike type") }
    }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] {
        guard var dimensions = context[0].dimensions, let channels = dimensions.last else {
            return Array(repeating: .tensor(context[0].dtype, nil), count: results)
        }
        if results == 1 {
            dimensions[dimensions.count - 1] = channels.value.map { .fixed($0 * 2) } ?? .unknown
        }
        return Array(repeating: .tensor(context[0].dtype, dimensions), count: results)
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.interleaving }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (a, b) = (try context.tensor(0), try context.tensor(1))
        let (batch, height, width, channels) = try a.checkedImage()
        guard a.shape == b.shape, a.dtype == b.dtype, quantization.map({ $0.result.dtype == a.dtype }) ?? true,
            [8, 16, 32, 64].contains(a.dtype.bitWidth), results == 1 || channels.isMultiple(of: 2)
        else {
            throw QTuneError(.invalidInput, "\(a.dtype)\(a.shape) and \(b.dtype)\(b.shape) do not go together")
        }
        let shape: Shape = [batch, height, width, results == 1 ? channels * 2 : channels]
        let outputs = try (0..<results).map { try context.makeOutput($0, a.dtype, shape) }
        ChannelInterleaving.run(a, b, quantization, into: outputs, pool: context.pool)
        return outputs.map(Value.tensor)
    }
}
