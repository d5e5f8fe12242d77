import QTuneGraph
import QTuneKernels
import QTuneTensor

/// `(x - zeroPoint) * scale`, with a scale for the tensor, for each slice along an axis or for each block.
struct DequantizeLinear: Operator {
    static let name = "DequantizeLinear"
    static let versions = [10, 13, 19, 21, 23, 24, 25, 28]

    private let axis: Int
    private let blockSize: Int
    private let outputType: DType?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3)
        axis = try node.int("axis") ?? 1
        blockSize = try node.int("block_size") ?? 0
        outputType = try node.elementType("output_dtype")
        guard blockSize >= 0 else { throw QTuneError(.invalidModel, "attribute 'block_size' is \(blockSize)") }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(outputType ?? context[1].dtype, context[0].dimensions)]
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? {
        [.uint8, .int8].contains(inputs.first??.tensor?.dtype) ? KernelCatalog.integerElementwise : nil
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, scale) = (try context.tensor(0), try context.tensor(1))
        let zeroPoint = try context.optionalTensor(2)
        guard zeroPoint.map({ $0.dtype == input.dtype && $0.count == scale.count }) ?? true else {
            throw QTuneError(.invalidInput, "zero points of \(zeroPoint?.dtype ?? .uint8) for \(scale.count) scales")
        }
        let layout = try ScaleLayout(input: input.shape, scale: scale.shape, axis: axis, blockSize: blockSize)
        if outputType ?? scale.dtype == .float32,
            let parameters = try layout.kernelParameters(input.dtype, scale, zeroPoint)
        {
            let output = try context.makeOutput(0, .float32, input.shape)
            IntegerElementwise.dequantize(input, parameters, into: output, pool: context.pool)
            return [.tensor(output)]
        }
        let scales = try scale.floats()
        return [
            try context.makeFloatOutput(0, outputType ?? scale.dtype, input.shape) { output in
                if let format = Minifloat(input.dtype) {
                    let table = format.values.map { Float($0) }
                    let zeros = zeroPoint?.codes.map { table[$0] }
                    fill(output, input.codes, layout) { (table[$0] - (zeros?[$1] ?? 0)) * scales[$1] }
                } else {
                    let zeros = try zeroPoint?.smallIntegers()
                    fill(output, try input.smallIntegers(), layout) { Float($0 &- (zeros?[$1] ?? 0)) * scales[$1] }
                }
            }
        ]
    }

    private func fill<Code>(
        _ output: Tensor, _ codes: [Code], _ layout: ScaleLayout, _ real: (_ code: Code, _ scale: Int) -> Float
    ) {
        if output.dtype == .float64 {
            output.withMutableSpan(of: Double.self) { target in
                layout.forEachElement { element, scale in target[element] = Double(real(codes[element], scale)) }
            }
        } else {
            output.withMutableSpan(of: Float.self) { target in
                layout.forEachElement { element, scale in target[element] = real(codes[element], scale) }
            }
        }
    }
}
