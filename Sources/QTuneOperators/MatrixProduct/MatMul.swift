import QTuneGraph
import QTuneTensor

/// The matrix product as NumPy's `matmul` takes it.
struct MatMul: Operator {
    static let name = "MatMul"
    static let versions = [1, 9, 13]

    init(_ node: NodeReader) throws { try node.expect(inputs: 2...2) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dimensions = try MatrixProductOperands.inferDimensions(context[0].dimensions, context[1].dimensions)
        return [.tensor(context[0].dtype ?? context[1].dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (a, b) = (try context.tensor(0), try context.tensor(1))
        guard a.dtype == b.dtype else { throw QTuneError(.invalidInput, "a product of \(a.dtype) and \(b.dtype)") }
        let operands = try MatrixProductOperands(a.shape, b.shape)
        return [try operands.multiply(a, b, in: context)]
    }
}

extension MatrixProductOperands {
    /// The products of two tensors of one type, as the node's first output.
    func multiply(_ a: Tensor, _ b: Tensor, in context: EvaluationContext) throws -> Value {
        func integers<Element: MultiplyAccumulate>(_: Element.Type) throws -> Value {
            let output = try context.makeOutput(0, a.dtype, self.output)
            multiply(Element.self, a, b, into: output)
            return .tensor(output)
        }
        switch a.dtype {
        case .int32: return try integers(Int32.self)
        case .int64: return try integers(Int64.self)
        case .uint32: return try integers(UInt32.self)
        case .uint64: return try integers(UInt64.self)
        case .float64: return try context.makeFloatOutput(0, .float64, output) { multiply(Double.self, a, b, into: $0) }
        default:
            return try context.makeFloatOutput(0, a.dtype, output) { target in
                multiply(Float.self, a.widened(), b.widened(), into: target)
            }
        }
    }

    private func multiply<Element: MultiplyAccumulate>(_: Element.Type, _ a: Tensor, _ b: Tensor, into output: Tensor) {
        a.withSpan(of: Element.self) { a in
            b.withSpan(of: Element.self) { b in
                output.withMutableSpan(of: Element.self) { multiply(a, b, into: &$0) }
            }
        }
    }
}
