import QTuneGraph
import QTuneTensor

/// Joins quantized tensors along an axis, each taken to the scale of the result. Operands: scale and zero point of the
/// result, then tensor, scale and zero point of each.
struct QLinearConcat: Operator {
    static let name = "QLinearConcat"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let axis: Int
    private let count: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 5...Int(Int32.max))
        axis = try node.required("axis", try node.int("axis"))
        guard (node.node.inputs.count - 2).isMultiple(of: 3) else {
            throw QTuneError(
                .invalidModel, "QLinearConcat takes 2 operands and 3 for each tensor, not \(node.node.inputs.count)")
        }
        count = (node.node.inputs.count - 2) / 3
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let parts = (0..<count).map { context[2 + 3 * $0].dimensions }
        guard var dimensions = parts.first ?? nil else { return [.tensor(context[1].dtype, nil)] }
        let place = axis < 0 ? axis + dimensions.count : axis
        guard dimensions.indices.contains(place),
            parts.allSatisfy({ $0?.count ?? dimensions.count == dimensions.count })
        else {
            throw QTuneError(.invalidInput, "axis \(axis) of \(dimensions)")
        }
        dimensions[place] = DimensionArithmetic.sum(parts.map { $0?[place] ?? .unknown })
        return [.tensor(context[1].dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let result = try QuantizedResult(context, 0, fallback: .uint8)
        let parts = try (0..<count).map { try QuantizedOperand(context, 2 + 3 * $0) }
        let first = parts[0].tensor.shape
        guard let axis = first.normalizedAxis(axis),
            parts.allSatisfy({ part in
                part.tensor.shape.rank == first.rank
                    && (0..<first.rank).allSatisfy { $0 == axis || part.tensor.shape[$0] == first[$0] }
            }),
            let shape = Shape(
                checking: (0..<first.rank).map {
                    $0 == axis ? parts.reduce(0) { $0 &+ $1.tensor.shape[axis] } : first[$0]
                })
        else {
            throw QTuneError(
                .invalidInput, "shapes \(parts.map { $0.tensor.shape.description }) do not join along \(axis)")
        }
        let outer = shape.dimensions[..<axis].reduce(1, *)
        let integers = try parts.map { try $0.reals().map(result.quantize) }
        var joined: [Int32] = []
        joined.reserveCapacity(shape.elementCount)
        for block in 0..<outer {
            for part in integers {
                let length = part.count / outer
                joined += part[block * length..<(block + 1) * length]
            }
        }
        return [try result.makeOutput(context, shape, joined)]
    }
}
