import QTuneGraph
import QTuneTensor

/// The lengths of the operand's axes from `start` to `end`.
struct ShapeOf: Operator {
    static let name = "Shape"
    static let versions = [1, 13, 15, 19, 21, 23, 24, 25]
    private let start: Int
    private let end: Int?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        start = try node.int("start") ?? 0
        end = try node.int("end")
    }

    /// The axes asked for: ends out of range are moved in.
    private func range(rank: Int) -> Range<Int> {
        func clamped(_ axis: Int) -> Int { min(max(axis < 0 ? axis &+ rank : axis, 0), rank) }
        let first = clamped(start)
        return first..<max(first, end.map(clamped) ?? rank)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions else { return [.tensor(.int64, [.unknown])] }
        let wanted = Array(dimensions[range(rank: dimensions.count)])
        if let shape = ValueType.tensor(.int64, wanted).shape {
            return [InferredValue(constant: Tensor(shape.dimensions.map { Int64($0) }))]
        }
        return [InferredValue(type: .tensor(.int64, [.fixed(wanted.count)]), elements: wanted)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let shape = try context.tensor(0).shape
        return [.tensor(Tensor(shape.dimensions[range(rank: shape.rank)].map { Int64($0) }))]
    }
}

/// The number of the operand's elements.
struct SizeOf: Operator {
    static let name = "Size"
    static let versions = [1, 13, 19, 21, 23, 24, 25]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions else { return [.tensor(.int64, [])] }
        let count = DimensionArithmetic.product(dimensions)
        if let value = count.value { return [InferredValue(constant: Tensor(scalar: Int64(value)))] }
        return [InferredValue(type: .tensor(.int64, []), elements: [count])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        [.tensor(Tensor(scalar: Int64(try context.tensor(0).count)))]
    }
}
