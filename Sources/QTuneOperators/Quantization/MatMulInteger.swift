import QTuneGraph
import QTuneTensor

/// The matrix product of 8-bit integers, each minus its zero point, summed in int32.
struct MatMulInteger: Operator {
    static let name = "MatMulInteger"
    static let versions = [10]

    init(_ node: NodeReader) throws { try node.expect(inputs: 2...4) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.int32, try MatrixProductOperands.inferDimensions(context[0].dimensions, context[1].dimensions))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let product = try IntegerProductSum(
            try context.tensor(0), aZeroPoint: try context.optionalTensor(2), try context.tensor(1),
            bZeroPoint: try context.optionalTensor(3), pool: context.pool)
        return [.tensor(Tensor(product.sums, shape: product.operands.output))]
    }
}
