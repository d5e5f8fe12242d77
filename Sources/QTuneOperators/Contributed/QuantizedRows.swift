import QTuneGraph
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Softmax of a quantized tensor. Operands: x, scale, zero point; scale and zero point of the result.
struct QLinearSoftmax: Operator {
    static let name = "QLinearSoftmax"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let axis: Int
    /// Whether a softmax runs over the axis and all behind it, as it did before opset 13.
    private let runsToTheEnd: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 5...5)
        axis = try node.int("axis") ?? -1
        runsToTheEnd = try node.required("opset", try node.int("opset")) < 13
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let x = try QuantizedOperand(context, 0)
        let result = try QuantizedResult(context, 3, fallback: x.tensor.dtype)
        let shape = x.tensor.shape
        let axis = try normalizedAxis(axis, rank: shape.rank)
        let runs = AxisRuns(shape, axes: axis..<(runsToTheEnd ? shape.rank : axis + 1))
        let values = try x.tensor.smallIntegers()
        var integers = [Int32](repeating: 0, count: values.count)
        guard !values.isEmpty else { return [try result.makeOutput(context, shape, integers)] }
        // Differences of 8-bit integers are few, so each exponential is computed once.
        let table = (0...Int(UInt16.max)).prefix(x.tensor.dtype.isByte ? 256 : 1 << 16)
            .map { exp(-Float($0) * x.scale) }
        runs.forEachRun { start in
            let places = (0..<runs.length).map { start + $0 * runs.inner }
            let top = places.reduce(Int32.min) { max($0, values[$1]) }
            let sum = places.reduce(Float(0)) { $0 + table[Int(top - values[$1])] }
            for place in places { integers[place] = result.quantize(table[Int(top - values[place])] / sum) }
        }
        return [try result.makeOutput(context, shape, integers)]
    }
}

/// Elements of one of two quantized tensors by a condition, each taken to the scale of the result. Operands: condition;
/// x, scale, zero point; y, scale, zero point; scale and zero point of the result. All broadcast.
struct QLinearWhere: Operator {
    static let name = "QLinearWhere"
    static let domain = "com.microsoft"
    static let versions = [1]

    init(_ node: NodeReader) throws { try node.expect(inputs: 9...9) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[1].dtype, try Broadcasting.dimensions(of: [context[0], context[1], context[4]]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let condition = try context.tensor(0)
        let (x, y) = (try QuantizedOperand(context, 1), try QuantizedOperand(context, 4))
        let result = try QuantizedResult(context, 7, fallback: x.tensor.dtype)
        guard condition.dtype == .bool, x.tensor.dtype == y.tensor.dtype, x.tensor.dtype == result.dtype else {
            throw QTuneError(
                .invalidInput,
                "a QLinearWhere of \(condition.dtype), \(x.tensor.dtype) and \(y.tensor.dtype) to \(result.dtype)")
        }
        let parts = try [x, y].map { part in
            let requantized = try EvaluationContext.fresh(result.dtype, part.tensor.shape)
            try requantized.writeSmallIntegers(part.reals().map(result.quantize))
            return Value.tensor(requantized)
        }
        let choice = try Where(NodeReader(Node("Where", inputs: ["c", "x", "y"], outputs: ["z"]), opset: 16))
        return try choice.evaluate(context.with(inputs: [.tensor(condition)] + parts))
    }
}

/// The mean along axes of a quantized tensor. Operands: x, scale, zero point; scale and zero point of the result.
struct QLinearReduceMean: Operator {
    static let name = "QLinearReduceMean"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let mean: ReduceMean

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 4...5)
        var attributes: [String: Attribute] = [:]
        for name in ["axes", "keepdims"] { attributes[name] = node.node.attributes[name] }
        mean = try ReduceMean.inner(attributes, opset: 13)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let reals = InferenceContext(inputs: [.tensor(.float32, context[0].dimensions)], outputCount: 1)
        return try mean.inferOutputs(reals).map { .tensor(context[0].dtype, $0.dimensions) }
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let x = try QuantizedOperand(context, 0)
        let result = try QuantizedResult(context, 3, fallback: x.tensor.dtype)
        let reals = Tensor(try x.reals(), shape: x.tensor.shape)
        let means = try mean.evaluate(
            EvaluationContext(inputs: [.tensor(reals)], outputCount: 1, pool: context.pool))
        guard let mean = means.first?.tensor else { throw QTuneError(.internalError, "a mean is no tensor") }
        return [try result.makeOutput(context, mean.shape, mean.array(of: Float.self).map(result.quantize))]
    }
}
