internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Quantized tensors one behind the other along an axis, requantized where their scales differ from the result's.
struct QuantizedConcat: Operator {
    static let name = "QuantizedConcat"
    static let domain = "qtune"
    static let versions = [1]

    private let axis: Int
    private let operands: [QuantizationParameters]
    private let y: QuantizationParameters
    private let clamp: ClosedRange<Int32>?

    init(_ node: NodeReader) throws {
        axis = try node.required("axis", try node.int("axis"))
        y = try QuantizationAttributes.read("y", from: node)
        clamp = try ClampAttribute.read(node)
        let scales = try node.required("x_scales", try node.floats("x_scales"))
        let zeroPoints = try node.required("x_zero_points", try node.ints("x_zero_points"))
        let types = try node.required("x_types", try node.ints("x_types"))
        guard scales.count == node.node.inputs.count, zeroPoints.count == scales.count, types.count == scales.count,
            !scales.isEmpty
        else { throw QTuneError(.invalidModel, "\(scales.count) scales for \(node.node.inputs.count) operands") }
        operands = try scales.indices.map {
            try QuantizationAttributes.parameters(scale: scales[$0], zeroPoint: zeroPoints[$0], type: types[$0])
        }
    }

    static func write(_ operands: [QuantizationParameters], to node: inout Node) {
        node.attributes["x_scales"] = .floats(operands.map { $0.scales[0] })
        node.attributes["x_zero_points"] = .ints(operands.map { Int64($0.zeroPoints[0]) })
        node.attributes["x_types"] = .ints(operands.map { Int64($0.dtype.rawValue) })
    }

    /// Writes the quantization of a concatenation of two as that of a node with operands `a` and `b`.
    static func writeOperands(of concatenation: Node, to node: inout Node) -> IntegerRefusal? {
        guard let made = try? QuantizedConcat(NodeReader(concatenation, opset: 1)), made.operands.count == 2,
            made.operands.allSatisfy({ $0.dtype == made.y.dtype })
        else { return IntegerRefusal("its operands and its result differ in type") }
        QuantizationAttributes.write(made.operands[0], "a", to: &node)
        QuantizationAttributes.write(made.operands[1], "b", to: &node)
        QuantizationAttributes.write(made.y, "y", to: &node)
        ClampAttribute.write(made.clamp, to: &node)
        return nil
    }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] {
        let known = context.inputs.compactMap { $0?.dimensions }
        guard known.count == operands.count, var dimensions = known.first,
            case let along = axis < 0 ? axis + dimensions.count : axis, dimensions.indices.contains(along),
            known.allSatisfy({ $0.count == dimensions.count })
        else { return [.tensor(y.dtype, nil)] }
        let lengths = known.compactMap { $0[along].value }
        dimensions[along] = lengths.count == known.count ? .fixed(lengths.reduce(0, +)) : .unknown
        return [.tensor(y.dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let tensors = try operands.indices.map { try context.tensor($0) }
        let first = tensors[0].shape
        guard let axis = first.normalizedAxis(axis),
            zip(tensors, operands).allSatisfy({ tensor, parameters in
                tensor.dtype == parameters.dtype && tensor.shape.rank == first.rank
                    && first.dimensions.indices.allSatisfy { $0 == axis || tensor.shape[$0] == first[$0] }
            })
        else { throw QTuneError(.invalidInput, "operands of \(tensors.map(\.shape)) do not join along axis \(axis)") }
        var lengths = first.dimensions
        lengths[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
        let output = try context.makeOutput(0, y.dtype, Shape(lengths))
        let rows = first.dimensions[..<axis].reduce(1, *)
        let rowStride = rows == 0 ? 0 : output.count / rows
        var offset = 0
        for (tensor, parameters) in zip(tensors, operands) where tensor.count > 0 {
            IntegerElementwise.requantize(
                tensor, parameters, to: y, clamp: clamp, into: output, rows: rows, offset: offset,
                rowStride: rowStride, pool: context.pool)
            offset += tensor.count / rows
        }
        return [.tensor(output)]
    }
}
