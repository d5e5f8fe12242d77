import QTuneGraph
import QTuneKernels
import QTuneTensor

/// `saturate(round(x / scale) + zeroPoint)`, with a scale for the tensor, for each slice along an axis or for each
/// block. Low-precision float types are rounded to without a zero point.
struct QuantizeLinear: Operator {
    static let name = "QuantizeLinear"
    static let versions = [10, 13, 19, 21, 23, 24, 25, 28]

    private let axis: Int
    private let blockSize: Int
    private let saturates: Bool
    private let outputType: DType?
    /// The type that values are divided by scales in; nil for the type of the scales.
    private let precision: DType?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3)
        axis = try node.int("axis") ?? 1
        blockSize = try node.int("block_size") ?? 0
        saturates = try node.int("saturate") ?? 1 != 0
        outputType = try node.elementType("output_dtype")
        precision = try node.elementType("precision")
        guard blockSize >= 0 else { throw QTuneError(.invalidModel, "attribute 'block_size' is \(blockSize)") }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dtype = outputType ?? (context.has(2) ? context[2].dtype : .uint8)
        return [.tensor(dtype, context[0].dimensions)]
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? {
        inputs.first??.tensor?.dtype == .float32 ? KernelCatalog.integerElementwise : nil
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, scale) = (try context.tensor(0), try context.tensor(1))
        let zeroPoint = try context.optionalTensor(2)
        let dtype = outputType ?? zeroPoint?.dtype ?? .uint8
        guard zeroPoint?.dtype ?? dtype == dtype, zeroPoint.map({ $0.count == scale.count }) ?? true else {
            throw QTuneError(.invalidInput, "zero points of \(zeroPoint?.dtype ?? dtype) for scales of \(scale.shape)")
        }
        let layout = try ScaleLayout(input: input.shape, scale: scale.shape, axis: axis, blockSize: blockSize)
        let precision = precision ?? scale.dtype
        if let parameters = try layout.kernelParameters(dtype, scale, zeroPoint), input.dtype == .float32,
            precision == .float32
        {
            let output = try context.makeOutput(0, dtype, input.shape)
            IntegerElementwise.quantize(input, parameters, into: output, pool: context.pool)
            return [.tensor(output)]
        }
        let output = try context.makeOutput(0, dtype, input.shape)
        let quotients = try Self.quotients(input, scale, layout, precision)
        if let format = Minifloat(dtype) {
            // Zero points of 8-bit floats only name the type.
            let zeros = dtype.bitWidth < 8 ? zeroPoint?.codes.map { format.values[$0] } : nil
            var sums = quotients.map { Double($0) }
            if let zeros { layout.forEachElement { element, index in sums[element] += zeros[index] } }
            output.packCodes { format.code(of: sums[$0], saturating: saturates) }
        } else {
            let range = try dtype.quantizedRange()
            let zeroPoints = try zeroPoint?.smallIntegers() ?? [Int32](repeating: 0, count: scale.count)
            var integers = [Int32](repeating: 0, count: quotients.count)
            layout.forEachElement { element, index in
                integers[element] = quantized(quotients[element], zeroPoint: zeroPoints[index], range: range)
            }
            try output.writeSmallIntegers(integers)
        }
        return [.tensor(output)]
    }

    /// The elements divided by their scales, operands and results rounded to `precision`.
    private static func quotients(
        _ input: Tensor, _ scale: Tensor, _ layout: ScaleLayout, _ precision: DType
    ) throws -> [Float] {
        let values = input.dtype == .int32 ? input.array(of: Int32.self).map { Float($0) } : try input.floats()
        let scales = try scale.floats()
        var quotients = values
        switch precision {
        case .float16:
            layout.forEachElement { element, index in
                quotients[element] = Float(Float16(Float(Float16(values[element])) / Float(Float16(scales[index]))))
            }
        case .bfloat16:
            layout.forEachElement { element, index in
                let divisor = BFloat16(scales[index]).float
                quotients[element] = BFloat16(BFloat16(values[element]).float / divisor).float
            }
        default: layout.forEachElement { element, index in quotients[element] = values[element] / scales[index] }
        }
        return quotients
    }
}

extension NodeReader {
    /// An attribute that holds the standard's number of an element type; nil where it is missing or 0.
    func elementType(_ name: String) throws -> DType? {
        guard let number = try int(name), number != 0 else { return nil }
        guard let type = Int32(exactly: number).flatMap(DType.init(rawValue:)) else {
            throw QTuneError(.invalidModel, "attribute '\(name)' is \(number), which is no element type")
        }
        return type
    }
}
