import QTuneGraph
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
        guard input.dtype == .float32 else { throw QTuneError(.invalidInput, "DynamicQuantizeLinear of \(input.dtype)") }
        let parameters = DynamicRange(input.array(of: Float.self))
        let output = try context.makeOutput(0, .uint8, input.shape)
        try output.writeSmallIntegers(parameters.integers)
        return [
            .tensor(output), .tensor(Tensor(scalar: parameters.scale)), .tensor(Tensor(scalar: UInt8(parameters.zeroPoint))),
        ]
    }
}

/// Values quantized to uint8 over their own range.
struct DynamicRange {
    let scale: Float
    let zeroPoint: Int32
    let integers: [Int32]

    init(_ values: [Float]) {
        var (lower, upper): (Float, Float) = (0, 0)
        for value in values {
            lower = min(lower, value)
            upper = max(upper, value)
        }
        let step = (upper - lower) / 255
        scale = step > 0 ? step : 1
        let (scale, zeroPoint) = (scale, quantized(-lower / scale, zeroPoint: 0, range: 0...255))
        self.zeroPoint = zeroPoint
        integers = values.map { quantized($0 / scale, zeroPoint: zeroPoint, range: 0...255) }
    }
}
