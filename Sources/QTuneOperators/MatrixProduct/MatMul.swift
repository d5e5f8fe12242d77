import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The matrix product as NumPy's `matmul` takes it.
struct MatMul: Operator {
    static let name = "MatMul"
    static let versions = [1, 9, 13]

    /// A constant right-hand matrix as the float32 kernels take it.
    private var packed: FloatMatrix?

    init(_ node: NodeReader) throws { try node.expect(inputs: 2...2) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dimensions = try MatrixProductOperands.inferDimensions(context[0].dimensions, context[1].dimensions)
        return [.tensor(context[0].dtype ?? context[1].dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (a, b) = (try context.tensor(0), try context.tensor(1))
        guard a.dtype == b.dtype else { throw QTuneError(.invalidInput, "a product of \(a.dtype) and \(b.dtype)") }
        let operands = try MatrixProductOperands(a.shape, b.shape)
        guard let packed, a.count > 0 else { return [try operands.multiply(a, b, in: context)] }
        return [
            try context.makeFloatOutput(0, a.dtype, operands.output) { output in
                packed.run(a.widened(), into: output, pool: context.pool)
            }
        ]
    }

    func work(_ inputs: [Value?], _ outputs: [Value]) -> KernelWork? {
        packed?.work(outputElements: outputs.first?.tensor?.count ?? 0)
    }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        guard let b = constants[1], b.shape.rank == 2, b.count > 0, [.float32, .float16, .bfloat16].contains(b.dtype)
        else { return nil }
        var copy = self
        copy.packed = try FloatMatrix(b.widened())
        return copy
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
                multiplyFloats(a.widened(), b.widened(), into: target)
            }
        }
    }

    private func multiplyFloats(_ a: Tensor, _ b: Tensor, into output: Tensor) {
        guard a.dtype == .float32, max(rows, columns, depth) <= Int(Int32.max) else {
            return multiply(Float.self, a, b, into: output)
        }
        for (batch, source) in batches.enumerated() {
            QTuneKernels.Gemm.multiply(
                m: rows, n: columns, k: depth, a: a, aOffset: source.a * rows * depth, b: b,
                bOffset: source.b * depth * columns, c: output, cOffset: batch * rows * columns)
        }
    }

    func multiply<Element: MultiplyAccumulate>(_: Element.Type, _ a: Tensor, _ b: Tensor, into output: Tensor) {
        a.withSpan(of: Element.self) { a in
            b.withSpan(of: Element.self) { b in
                output.withMutableSpan(of: Element.self) { multiply(a, b, into: &$0) }
            }
        }
    }
}
