import QTuneGraph
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What element-wise functions of one quantized tensor share. Operands: x, scale, zero point; scale and zero point of
/// the result.
protocol QuantizedUnary: Operator {
    func transform(_ x: Float) -> Float
}

extension QuantizedUnary {
    static var domain: String { "com.microsoft" }
    static var versions: [Int] { [1] }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let x = try QuantizedOperand(context, 0)
        let result = try QuantizedResult(context, 3, fallback: x.tensor.dtype)
        return [
            try result.makeOutput(context, x.tensor.shape, try x.reals().map { result.quantize(transform($0)) })
        ]
    }
}

/// `1 / (1 + exp(-x))`.
struct QLinearSigmoid: QuantizedUnary {
    static let name = "QLinearSigmoid"

    init(_ node: NodeReader) throws { try node.expect(inputs: 4...5) }

    func transform(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
}

/// `x` where it is not negative, `alpha * x` elsewhere.
struct QLinearLeakyRelu: QuantizedUnary {
    static let name = "QLinearLeakyRelu"

    private let alpha: Float

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 4...5)
        alpha = try node.float("alpha") ?? 0.01
    }

    func transform(_ x: Float) -> Float { x < 0 ? alpha * x : x }
}
