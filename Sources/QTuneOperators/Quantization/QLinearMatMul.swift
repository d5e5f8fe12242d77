import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The matrix product of quantized tensors: exact int32 sums, one float32 multiply by `aScale * bScale / outputScale`,
/// one rounding, one saturating addition of the zero point. Operands: a, scale, zero point; b, scale, zero point; scale
/// and zero point of the output. Those of a may run along its rows, those of b along its columns.
struct QLinearMatMul: Operator {
    static let name = "QLinearMatMul"
    static let versions = [10, 21]

    init(_ node: NodeReader) throws { try node.expect(inputs: 8...8) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dimensions = try MatrixProductOperands.inferDimensions(context[0].dimensions, context[3].dimensions)
        return [.tensor(context[7].dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (outputScale, zeroPoint) = (try context.scale(6), try context.zeroPoint(7))
        let dtype = try context.tensor(7).dtype
        if let output = try packed(context, outputScale, zeroPoint, dtype) { return [.tensor(output)] }
        let product = try IntegerProductSum(
            try context.tensor(0), aZeroPoint: try context.optionalTensor(2), try context.tensor(3),
            bZeroPoint: try context.optionalTensor(5), pool: context.pool)
        let shape = product.operands.output
        let aScales = try ProductScales(try context.tensor(1), alongRows: true, output: shape)
        let bScales = try ProductScales(try context.tensor(4), alongRows: false, output: shape)
        let range = try dtype.quantizedRange()
        let output = try context.makeOutput(0, dtype, shape)
        try output.writeSmallIntegers(
            product.sums.enumerated().map { element, sum in
                let multiplier = aScales[element] * bScales[element] / outputScale
                return quantized(Float(sum) * multiplier, zeroPoint: zeroPoint, range: range)
            })
        return [.tensor(output)]
    }

    /// The product by kernels that requantize what they sum; nil where they do not take such operands.
    private func packed(
        _ context: EvaluationContext, _ outputScale: Float, _ zeroPoint: Int32, _ dtype: DType
    ) throws -> Tensor? {
        let (a, b) = (try context.tensor(0), try context.tensor(3))
        let (aScales, bScales) = (try context.tensor(1), try context.tensor(4))
        guard dtype.isByte, aScales.count == 1, bScales.shape.rank <= 1 else { return nil }
        let aScale = try aScales.floats()[0]
        let multipliers = try bScales.floats().map { aScale * $0 / outputScale }
        guard b.shape.rank == 2, multipliers.count == 1 || multipliers.count == b.shape[1],
            let product = try PackedIntegerProduct(
                a, aZeroPoint: try context.optionalTensor(2), b, bZeroPoint: try context.optionalTensor(5),
                epilogue: .requantize(
                    Requantization(multipliers: multipliers, zeroPoint: zeroPoint, dtype: dtype)))
        else { return nil }
        let output = try context.makeOutput(0, dtype, try MatrixProductOperands(a.shape, b.shape).output)
        product.run(a, into: output, pool: context.pool)
        return output
    }
}
