internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// The sum of two quantized tensors, quantized.
struct QuantizedAdd: Operator {
    static let name = "QuantizedAdd"
    static let domain = "qtune"
    static let versions = [1]

    private let quantization: BinaryQuantization

    init(_ node: NodeReader) throws { quantization = try BinaryQuantization(node) }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] { quantization.inferOutputs(context) }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.integerElementwise }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        try quantization.evaluate(context) { a, b, output in
            IntegerElementwise.add(
                a, quantization.a, b, quantization.b, to: quantization.y, clamp: quantization.clamp, into: output,
                pool: context.pool)
        }
    }

    var inPlaceInputs: [Int] { [0, 1] }
}

/// The product of two quantized tensors, quantized.
struct QuantizedMul: Operator {
    static let name = "QuantizedMul"
    static let domain = "qtune"
    static let versions = [1]

    private let quantization: BinaryQuantization

    init(_ node: NodeReader) throws { quantization = try BinaryQuantization(node) }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] { quantization.inferOutputs(context) }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.integerElementwise }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        try quantization.evaluate(context) { a, b, output in
            IntegerElementwise.multiply(
                a, quantization.a, b, quantization.b, to: quantization.y, clamp: quantization.clamp, into: output,
                pool: context.pool)
        }
    }

    var inPlaceInputs: [Int] { [0, 1] }
}

/// The parameters of two operands and their result, all of one type.
private struct BinaryQuantization: Sendable {
    let a: QuantizationParameters
    let b: QuantizationParameters
    let y: QuantizationParameters
    let clamp: ClosedRange<Int32>?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        a = try QuantizationAttributes.read("a", from: node)
        b = try QuantizationAttributes.read("b", from: node)
        y = try QuantizationAttributes.read("y", from: node)
        clamp = try ClampAttribute.read(node)
        guard a.dtype == y.dtype, b.dtype == y.dtype else {
            throw QTuneError(.unsupported, "operands of \(a.dtype) and \(b.dtype) for a result of \(y.dtype)")
        }
    }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] {
        guard let a = context[0].type?.shape, let b = context[1].type?.shape else {
            let known = context[0].dimensions == context[1].dimensions ? context[0].dimensions : nil
            return [.tensor(y.dtype, known?.contains(.unknown) == false ? known : nil)]
        }
        return [.tensor(y.dtype, a.broadcast(with: b)?.dimensions.map(Dimension.fixed))]
    }

    func evaluate(_ context: EvaluationContext, _ compute: (Tensor, Tensor, Tensor) -> Void) throws -> [Value] {
        let (left, right) = (try context.tensor(0), try context.tensor(1))
        guard left.dtype == a.dtype, right.dtype == b.dtype, let shape = left.shape.broadcast(with: right.shape) else {
            throw QTuneError(
                .invalidInput, "\(left.dtype)\(left.shape) and \(right.dtype)\(right.shape) do not go together")
        }
        let output = try context.makeOutput(0, y.dtype, shape)
        compute(left, right, output)
        return [.tensor(output)]
    }
}
