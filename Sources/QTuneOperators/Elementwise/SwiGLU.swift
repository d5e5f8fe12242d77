import QTuneGraph
import QTuneKernels
import QTuneTensor

/// `a * sigmoid(alpha * a) * b`, of operands of one shape.
struct SwiGLU: Operator {
    static let name = "SwiGLU"
    static let versions = [28]

    private let alpha: Float

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        alpha = try node.float("alpha") ?? 1
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype ?? context[1].dtype, context[0].dimensions ?? context[1].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (a, b) = (try context.tensor(0), try context.tensor(1))
        guard a.dtype == b.dtype, a.shape == b.shape else {
            throw QTuneError(.invalidInput, "gates \(a.dtype)\(a.shape) of values \(b.dtype)\(b.shape)")
        }
        let rounding = FloatRounding(a.dtype) ?? .none
        return [
            try context.makeFloatOutput(0, a.dtype, a.shape) { output in
                if a.dtype == .float64 {
                    gate(Double.self, a, b, rounding, into: output)
                } else if a.dtype == .float32, alpha == 1 {
                    Elementwise.unary(.silu, a, into: output, pool: context.pool)
                    Elementwise.binary(.mul, output, b, into: output, pool: context.pool)
                } else {
                    gate(Float.self, a.widened(), b.widened(), rounding, into: output)
                }
            }
        ]
    }

    /// Rounds the sigmoid and the gate to the operands' type, as the operators that this one stands for would.
    private func gate<Element: SteppedFloat>(
        _: Element.Type, _ a: Tensor, _ b: Tensor, _ rounding: FloatRounding, into output: Tensor
    ) {
        let alpha = Element(alpha)
        Broadcasting.combine(a, b, into: output) { (a: Element, b: Element) in
            let sigmoid = (1 / (1 + (-alpha * a).exponential)).rounded(by: rounding)
            return (a * sigmoid).rounded(by: rounding) * b
        }
    }
}
