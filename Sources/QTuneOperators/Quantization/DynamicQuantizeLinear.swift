import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Quantizes float32 to uint8 over the tensor's own range, which always takes in 0. Gives integers, scale, zero point.
struct DynamicQuantizeLinear: Operator {
    static let name = "DynamicQuantizeLinear"
    static let versions = [11]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1, outputs: 1...3) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.uint8, context[0].dimensions), .tensor(.float32, []), .tensor(.uint8, [])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.dtype == .float32 else {
            throw QTuneError(.invalidInput, "DynamicQuantizeLinear of \(input.dtype)")
        }
        let range = DynamicRange(input, pool: context.pool)
        let output = try context.makeOutput(0, .uint8, input.shape)
        range.quantize(input, into: output, pool: context.pool)
        return [
            .tensor(output), .tensor(Tensor(scalar: range.scale)), .tensor(Tensor(scalar: UInt8(range.zeroPoint))),
        ]
    }
}

/// The parameters that quantize float32 values to uint8 over their own range.
struct DynamicRange {
    let scale: Float
    let zeroPoint: Int32

    init(_ values: Tensor, pool: ThreadPool) {
        let range = IntegerElementwise.range(of: values, pool: pool)
        let (lower, upper) = (min(0, range.minimum), max(0, range.maximum))
        let step = (upper - lower) / 255
        scale = step > 0 ? step : 1
        zeroPoint = quantized(-lower / scale, zeroPoint: 0, range: 0...255)
    }

    /// The integers for `values`, into a uint8 tensor of as many elements.
    func quantize(_ values: Tensor, into output: Tensor, pool: ThreadPool) {
        let parameters = QuantizationParameters(dtype: .uint8, scales: [scale], zeroPoints: [zeroPoint])
        IntegerElementwise.quantize(values, parameters, into: output, pool: pool)
    }
}
