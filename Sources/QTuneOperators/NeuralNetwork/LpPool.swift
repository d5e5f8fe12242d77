import QTuneGraph
import QTuneKernels
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The p-norm of the elements under each place of a window.
struct LpPool: Operator {
    static let name = "LpPool"
    static let versions = [2, 11, 18, 22]

    private let attributes: WindowAttributes
    private let exponent: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        attributes = try WindowAttributes(node, mayRoundUp: true)
        _ = try node.required("kernel_shape", attributes.kernel)
        exponent = try node.int("p") ?? 2
        guard exponent > 0 else { throw QTuneError(.invalidModel, "attribute 'p' is \(exponent), not above 0") }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [try PoolShape.inferOutput(context[0], attributes)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0).widened()
        let dtype = try context.tensor(0).dtype
        let shape = try PoolShape(input.shape, attributes)
        return [
            try context.makeFloatOutput(0, dtype, shape.output) { output in
                if dtype == .float64 {
                    pool(Double.self, input, shape, into: output)
                } else if exponent == 1, shape.reduce(.sumOfMagnitudes, input, into: output, pool: context.pool) {
                    return
                } else if exponent == 2, shape.reduce(.sumOfSquares, input, into: output, pool: context.pool) {
                    Elementwise.unary(.sqrt, output, into: output, pool: context.pool)
                } else {
                    pool(Float.self, input, shape, into: output)
                }
            }
        ]
    }

    private func pool<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ input: Tensor, _ shape: PoolShape, into output: Tensor
    ) {
        let p = Double(exponent)
        shape.pool(input, into: output) { (elements: Span<Element>, start, position) in
            var sum = 0.0
            shape.window.forEachElement(at: position) { sum += pow(Double(elements[start + $0].magnitude), p) }
            return Element(pow(sum, 1 / p))
        }
    }
}
