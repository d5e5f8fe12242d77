import QTuneGraph
import QTuneTensor

/// A quantized tensor of one scale and zero point, as the contributed operators take it: three operands in a row.
struct QuantizedOperand {
    let tensor: Tensor
    let scale: Float
    let zeroPoint: Int32

    /// Operands `index`, `index + 1` and `index + 2` of the node.
    init(_ context: EvaluationContext, _ index: Int) throws {
        tensor = try context.tensor(index)
        scale = try context.scale(index + 1)
        zeroPoint = try context.zeroPoint(index + 2)
        guard try context.optionalTensor(index + 2)?.dtype ?? tensor.dtype == tensor.dtype else {
            throw QTuneError(.invalidInput, "operand \(index) and its zero point differ in type")
        }
        _ = try tensor.dtype.quantizedRange()
    }

    var parameters: QuantizationParameters {
        QuantizationParameters(dtype: tensor.dtype, scales: [scale], zeroPoints: [zeroPoint])
    }

    /// The numbers that the integers stand for.
    func reals() throws -> [Float] { try tensor.smallIntegers().map { Float($0 - zeroPoint) * scale } }
}

/// Scale and zero point of a quantized result; its type is that of the zero point.
struct QuantizedResult {
    let scale: Float
    let zeroPoint: Int32
    let dtype: DType
    private let range: ClosedRange<Int32>

    /// Operands `index` and `index + 1` of the node. A zero point left out is 0 of type `fallback`.
    init(_ context: EvaluationContext, _ index: Int, fallback: DType) throws {
        scale = try context.scale(index)
        zeroPoint = try context.zeroPoint(index + 1)
        dtype = try context.optionalTensor(index + 1)?.dtype ?? fallback
        range = try dtype.quantizedRange()
    }

    var parameters: QuantizationParameters {
        QuantizationParameters(dtype: dtype, scales: [scale], zeroPoints: [zeroPoint])
    }

    /// The integer that stands for `real`.
    func quantize(_ real: Float) -> Int32 { quantized(real / scale, zeroPoint: zeroPoint, range: range) }

    /// The integer that stands for `steps` scales, which may have a fraction.
    func round(_ steps: Float) -> Int32 { quantized(steps, zeroPoint: zeroPoint, range: range) }

    /// Output 0 of those integers.
    func makeOutput(_ context: EvaluationContext, _ shape: Shape, _ integers: [Int32]) throws -> Value {
        let output = try context.makeOutput(0, dtype, shape)
        try output.writeSmallIntegers(integers)
        return .tensor(output)
    }
}
