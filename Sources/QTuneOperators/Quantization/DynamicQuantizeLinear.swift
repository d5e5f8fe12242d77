import QTuneGraph
import QTuneKernels
package import QTuneTensor

/// Quantizes float32 to uint8 over the tensor's own range, which always takes in 0. Gives integers, scale, zero point.
struct DynamicQuantizeLinear: Operator {
    static let name = "DynamicQuantizeLinear"
    static let versions = [11]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1, outputs: 1...3) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.uint8, context[0].dimensions), .tensor(.float32, []), .tensor(.uint8, [])]
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.integerElementwise }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.dtype == .float32 else {
            throw QTuneError(.invalidInput, "DynamicQuantizeLinear of \(input.dtype)")
        }
        return try DynamicRange(input, pool: context.pool).results(input, context)
    }
}

/// The parameters that quantize float32 values to uint8 over their own range.
package struct DynamicRange {
    let scale: Float
    let zeroPoint: Int32

    init(_ values: Tensor, pool: ThreadPool) {
        let range = IntegerElementwise.range(of: values, pool: pool)
        self.init(lower: range.minimum, upper: range.maximum)
    }

    /// The parameters for values between `lower` and `upper`, and 0.
    package init(lower: Float, upper: Float) {
        let quantization = RealRange(lower: lower, upper: upper).quantization
        (scale, zeroPoint) = (quantization.scale, Int32(quantization.zeroPoint))
    }

    /// The integers for `values`, the scale and the zero point, as DynamicQuantizeLinear gives them.
    package func results(_ values: Tensor, _ context: EvaluationContext) throws -> [Value] {
        let output = try context.makeOutput(0, .uint8, values.shape)
        quantize(values, into: output, pool: context.pool)
        let (step, zero) = (try context.makeOutput(1, .float32, .scalar), try context.makeOutput(2, .uint8, .scalar))
        step.store(scale)
        zero.store(UInt8(zeroPoint))
        return [.tensor(output), .tensor(step), .tensor(zero)]
    }

    /// The integers for `values`, into a uint8 tensor of as many elements.
    func quantize(_ values: Tensor, into output: Tensor, pool: ThreadPool) {
        IntegerElementwise.quantize(values, scale: scale, zeroPoint: zeroPoint, into: output, pool: pool)
    }
}
