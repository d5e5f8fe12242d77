import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Convolution of 8-bit integers, each minus its zero point, summed in int32.
struct ConvInteger: Operator {
    static let name = "ConvInteger"
    static let versions = [10]

    private let attributes: WindowAttributes
    private let groups: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...4)
        attributes = try WindowAttributes(node)
        groups = try node.int("group") ?? 1
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [try ConvolutionOperands.inferOutput(.int32, input: context[0], weights: context[1], attributes)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let convolution = try IntegerConvolutionOperands(
            input: try context.tensor(0), zeroPoint: try context.zeroPoint(2), weights: try context.tensor(1),
            weightZeroPoints: try context.optionalTensor(3)?.smallIntegers() ?? [0], bias: nil, groups: groups,
            attributes)
        let output = try context.makeOutput(0, .int32, convolution.shape.output)
        if let packed = try convolution.packed(.accumulators) {
            packed.run(convolution.input, into: output, pool: context.pool)
            return [.tensor(output)]
        }
        return [.tensor(try convolution.sums())]
    }
}
