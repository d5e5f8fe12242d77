import QTuneGraph
import QTuneKernels
import QTuneTensor

/// What element-wise operators on two quantized tensors share. Operands: a, scale, zero point; b, scale, zero point;
/// scale and zero point of the result. The tensors broadcast.
protocol QuantizedBinary: Operator {
    func combine(
        _ a: QuantizedOperand, _ b: QuantizedOperand, to result: QuantizedResult, into output: Tensor, pool: ThreadPool)
}

extension QuantizedBinary {
    static var domain: String { "com.microsoft" }
    static var versions: [Int] { [1] }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, try Broadcasting.dimensions(of: [context[0], context[3]]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (a, b) = (try QuantizedOperand(context, 0), try QuantizedOperand(context, 3))
        let result = try QuantizedResult(context, 6, fallback: a.tensor.dtype)
        guard [.uint8, .int8].contains(result.dtype), a.tensor.dtype == result.dtype, b.tensor.dtype == result.dtype
        else {
            throw QTuneError(
                .invalidInput, "\(Self.name) of \(a.tensor.dtype) and \(b.tensor.dtype) to \(result.dtype)")
        }
        let output = try context.makeOutput(
            0, result.dtype, try Broadcasting.shape(of: [a.tensor.shape, b.tensor.shape]))
        combine(a, b, to: result, into: output, pool: context.pool)
        return [.tensor(output)]
    }
}

/// The sum of two quantized tensors.
struct QLinearAdd: QuantizedBinary {
    static let name = "QLinearAdd"

    init(_ node: NodeReader) throws { try node.expect(inputs: 7...8) }

    func combine(
        _ a: QuantizedOperand, _ b: QuantizedOperand, to result: QuantizedResult, into output: Tensor, pool: ThreadPool
    ) {
        IntegerElementwise.add(
            a.tensor, a.parameters, b.tensor, b.parameters, to: result.parameters, into: output, pool: pool)
    }
}

/// The product of two quantized tensors.
struct QLinearMul: QuantizedBinary {
    static let name = "QLinearMul"

    init(_ node: NodeReader) throws { try node.expect(inputs: 7...8) }

    func combine(
        _ a: QuantizedOperand, _ b: QuantizedOperand, to result: QuantizedResult, into output: Tensor, pool: ThreadPool
    ) {
        IntegerElementwise.multiply(
            a.tensor, a.parameters, b.tensor, b.parameters, to: result.parameters, into: output, pool: pool)
    }
}
