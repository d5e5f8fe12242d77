import QTuneGraph
import QTuneKernels
import QTuneTensor

/// An integer matrix product given in float32: sums times `aScale * bScale`, plus a bias. Operands: a, b, scale of a,
/// scales of b (one, or one for each column), zero points of a and b, bias.
struct MatMulIntegerToFloat: Operator {
    static let name = "MatMulIntegerToFloat"
    static let domain = "com.microsoft"
    static let versions = [1]

    init(_ node: NodeReader) throws { try node.expect(inputs: 4...7) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dimensions = try MatrixProductOperands.inferDimensions(context[0].dimensions, context[1].dimensions)
        return [.tensor(context[2].dtype ?? .float32, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let product = try IntegerProductSum(
            try context.tensor(0), aZeroPoint: try context.optionalTensor(4), try context.tensor(1),
            bZeroPoint: try context.optionalTensor(5), pool: context.pool)
        let shape = product.operands.output
        let aScales = try ProductScales(try context.tensor(2), alongRows: true, output: shape)
        let bScales = try ProductScales(try context.tensor(3), alongRows: false, output: shape)
        return [
            try context.makeFloatOutput(0, try context.tensor(2).dtype, shape) { output in
                try product.write(to: output, bias: try context.optionalTensor(6)) { aScales[$0] * bScales[$0] }
            }
        ]
    }
}

/// The product of a float matrix, quantized to uint8 over its own range, with a quantized one. Operands: a, b, scales
/// of b, zero points of b, bias.
struct DynamicQuantizeMatMul: Operator {
    static let name = "DynamicQuantizeMatMul"
    static let domain = "com.microsoft"
    static let versions = [1]

    init(_ node: NodeReader) throws { try node.expect(inputs: 3...5) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dimensions = try MatrixProductOperands.inferDimensions(context[0].dimensions, context[1].dimensions)
        return [.tensor(.float32, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let a = try context.tensor(0)
        guard a.dtype == .float32 else { throw QTuneError(.invalidInput, "DynamicQuantizeMatMul of \(a.dtype)") }
        let range = DynamicRange(a, pool: context.pool)
        let integers = Tensor(uninitialized: .uint8, shape: a.shape)
        range.quantize(a, into: integers, pool: context.pool)
        let product = try IntegerProductSum(
            integers, aZeroPoint: Tensor(scalar: UInt8(range.zeroPoint)), try context.tensor(1),
            bZeroPoint: try context.optionalTensor(3), pool: context.pool)
        let shape = product.operands.output
        let bScales = try ProductScales(try context.tensor(2), alongRows: false, output: shape)
        return [
            try context.makeFloatOutput(0, .float32, shape) { output in
                try product.write(to: output, bias: try context.optionalTensor(4)) { range.scale * bScales[$0] }
            }
        ]
    }
}

extension IntegerProductSum {
    /// Writes each sum times its scale, plus the bias of its column, to float32 `output`.
    fileprivate func write(to output: Tensor, bias: Tensor?, _ scale: (_ element: Int) -> Float) throws {
        let columns = operands.columns
        let offsets = try bias?.floats()
        guard offsets?.count ?? columns == columns, output.dtype == .float32 else {
            throw QTuneError(.invalidInput, "a bias of \(offsets?.count ?? 0) numbers for \(columns) columns")
        }
        output.withMutableSpan(of: Float.self) { target in
            for element in sums.indices {
                target[element] = Float(sums[element]) * scale(element) + (offsets?[element % columns] ?? 0)
            }
        }
    }
}

/// A Gemm of quantized matrices with an int32 bias, to quantized integers or, where no scale of the result is given, to
/// float32. Operands: a, scale, zero point; b, scales, zero points; bias; scale and zero point of the result.
struct QGemm: Operator {
    static let name = "QGemm"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let alpha: Float
    private let transposesA: Bool
    private let transposesB: Bool
    private let quantizes: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 6...9)
        alpha = try node.float("alpha") ?? 1
        transposesA = try node.int("transA") ?? 0 != 0
        transposesB = try node.int("transB") ?? 0 != 0
        quantizes = node.node.inputs.count > 7 && !node.node.inputs[7].isEmpty
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dtype = quantizes ? context[8].dtype ?? context[0].dtype : .float32
        guard let a = context[0].dimensions, let b = context[3].dimensions, a.count == 2, b.count == 2 else {
            return [.tensor(dtype, [.unknown, .unknown])]
        }
        return [.tensor(dtype, [a[transposesA ? 1 : 0], b[transposesB ? 0 : 1]])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        var (a, b) = (try context.tensor(0), try context.tensor(3))
        guard a.shape.rank == 2, b.shape.rank == 2 else {
            throw QTuneError(.invalidInput, "a QGemm of \(a.shape) and \(b.shape)")
        }
        if transposesA { a = a.matrixTransposed() }
        if transposesB { b = b.matrixTransposed() }
        let product = try IntegerProductSum(
            a, aZeroPoint: try context.optionalTensor(2), b, bZeroPoint: try context.optionalTensor(5),
            pool: context.pool)
        let shape = product.operands.output
        let aScale = try context.scale(1)
        let bScales = try ProductScales(try context.tensor(4), alongRows: false, output: shape)
        let sums = try biased(product, try context.optionalTensor(6))
        guard quantizes else {
            return [
                try context.makeFloatOutput(0, .float32, shape) { output in
                    output.withMutableSpan(of: Float.self) { target in
                        for i in sums.indices { target[i] = Float(sums[i]) * (alpha * aScale * bScales[i]) }
                    }
                }
            ]
        }
        let result = try QuantizedResult(context, 7, fallback: a.dtype)
        let integers = sums.indices.map {
            result.round(Float(sums[$0]) * (alpha * aScale * bScales[$0] / result.scale))
        }
        return [try result.makeOutput(context, shape, integers)]
    }

    private func biased(_ product: IntegerProductSum, _ bias: Tensor?) throws -> [Int32] {
        guard let bias else { return product.sums }
        let shape = product.operands.output
        guard bias.shape.broadcast(with: shape) == shape else {
            throw QTuneError(.invalidInput, "a bias of \(bias.shape) for a product of \(shape)")
        }
        let offsets = try bias.smallIntegers()
        return zip(product.sums, broadcastPlaces(of: bias.shape, in: shape)).map { $0 &+ offsets[$1] }
    }
}
