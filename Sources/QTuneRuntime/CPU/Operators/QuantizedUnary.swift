internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// 8-bit integers of one scale and zero point as those of another.
struct Requantize: Operator {
    static let name = "Requantize"
    static let domain = "qtune"
    static let versions = [1]

    private let x: QuantizationParameters
    private let y: QuantizationParameters
    private let clamp: ClosedRange<Int32>?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        x = try QuantizationAttributes.read("x", from: node)
        y = try QuantizationAttributes.read("y", from: node)
        clamp = try ClampAttribute.read(node)
    }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] { [.tensor(y.dtype, context[0].dimensions)] }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.integerElementwise }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.dtype == x.dtype else { throw QTuneError(.invalidInput, "\(input.dtype), not \(x.dtype)") }
        let output = try context.makeOutput(0, y.dtype, input.shape)
        IntegerElementwise.requantize(input, x, to: y, clamp: clamp, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    var inPlaceInputs: [Int] { [0] }
}

/// Any function of single 8-bit integers, by a table of its 256 results.
struct QuantizedLookup: Operator {
    static let name = "QuantizedLookup"
    static let domain = "qtune"
    static let versions = [1]

    private let table: [UInt8]
    private let dtype: DType

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let tensor = try node.required("table", try node.tensor("table"))
        guard tensor.count == 256, tensor.dtype == .uint8 || tensor.dtype == .int8 else {
            throw QTuneError(.invalidModel, "a table of \(tensor.count) \(tensor.dtype)")
        }
        table = tensor.reinterpreted(as: .uint8).array(of: UInt8.self)
        dtype = tensor.dtype
    }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] { [.tensor(dtype, context[0].dimensions)] }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.integerElementwise }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.dtype == .uint8 || input.dtype == .int8 else {
            throw QTuneError(.invalidInput, "\(input.dtype) has no table")
        }
        let output = try context.makeOutput(0, dtype, input.shape)
        IntegerElementwise.lookup(input, table: table, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    var inPlaceInputs: [Int] { [0] }
}
