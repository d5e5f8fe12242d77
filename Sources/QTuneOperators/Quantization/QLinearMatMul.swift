import QTuneGraph
import QTuneTensor

/// The matrix product of quantized tensors: exact int32 sums, one float32 multiply by `aScale * bScale / outputScale`, one
/// rounding, one saturating addition of the zero point. Operands: a, scale, zero point; b, scale, zero point; scale and
/// zero point of the output. Those of a may run along its rows, those of b along its columns.
struct QLinearMatMul: Operator {
    static let name = "QLinearMatMul"
    static let versions = [10, 21]

    init(_ node: NodeReader) throws { try node.expect(inputs: 8...8) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dimensions = try MatrixProductOperands.inferDimensions(context[0].dimensions, context[3].dimensions)
        return [.tensor(context[7].dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let product = try IntegerProductSum(
            try context.tensor(0), aZeroPoint: try context.optionalTensor(2), try context.tensor(3),
            bZeroPoint: try context.optionalTensor(5))
        let shape = product.operands.output
        let aScales = try ProductScales(try context.tensor(1), alongRows: true, output: shape)
        let bScales = try ProductScales(try context.tensor(4), alongRows: false, output: shape)
        let (outputScale, zeroPoint) = (try context.scale(6), try context.zeroPoint(7))
        let dtype = try context.tensor(7).dtype
        let range = try dtype.quantizedRange()
        let output = try context.makeOutput(0, dtype, shape)
        try output.writeSmallIntegers(
            product.sums.enumerated().map { element, sum in
                let multiplier = aScales[element] * bScales[element] / outputScale
                return quantized(Float(sum) * multiplier, zeroPoint: zeroPoint, range: range)
            })
        return [.tensor(output)]
    }
}
