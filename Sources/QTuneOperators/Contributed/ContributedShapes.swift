import QTuneGraph
import QTuneTensor

/// The operand with an axis of length 1 put in. Operands: data; the axis, one int32.
struct ExpandDims: Operator {
    static let name = "ExpandDims"
    static let domain = "com.microsoft"
    static let versions = [1]

    init(_ node: NodeReader) throws { try node.expect(inputs: 2...2) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard var dimensions = context[0].dimensions else { return [.tensor(context[0].dtype, nil)] }
        guard let axis = context[1].integers, axis.count == 1 else {
            return [.tensor(context[0].dtype, [Dimension](repeating: .unknown, count: dimensions.count + 1))]
        }
        dimensions.insert(.fixed(1), at: try normalizedAxis(axis[0], rank: dimensions.count + 1))
        return [.tensor(context[0].dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let data = try context.tensor(0)
        guard let axis = try context.integers(1), axis.count == 1 else {
            throw QTuneError(.invalidInput, "the axis is not one number")
        }
        var lengths = data.shape.dimensions
        lengths.insert(1, at: try normalizedAxis(axis[0], rank: lengths.count + 1))
        return [.tensor(data.reshaped(to: Shape(lengths)))]
    }
}

/// Numbers from a start to a limit, in steps of 1 where no step is given.
struct ContributedRange: Operator {
    static let name = "Range"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let standard: RangeOperator

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3)
        standard = try .inner([:], inputs: ["start", "limit", "delta"])
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard !context.has(2) else { return try standard.inferOutputs(context) }
        return [.tensor(context[0].dtype ?? context[1].dtype, [.unknown])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        guard !context.has(2) else { return try standard.evaluate(context) }
        let start = try context.tensor(0)
        let step = try Cast.inner(["to": .int(Int64(start.dtype.rawValue))]).evaluate(
            EvaluationContext(inputs: [.tensor(Tensor(scalar: Int32(1)))], outputCount: 1, pool: context.pool))
        return try standard.evaluate(context.with(inputs: [.tensor(start), .tensor(try context.tensor(1))] + step))
    }
}

/// The different elements in the order in which they come, which one each original is, and how often each comes.
struct ContributedUnique: Operator {
    static let name = "Unique"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let standard: Unique

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1, outputs: 1...3)
        standard = try .inner(["sorted": .int(0)], outputs: 4)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [
            .tensor(context[0].dtype, [.unknown]), .tensor(.int64, context[0].rank == 1 ? context[0].dimensions : nil),
            .tensor(.int64, [.unknown]),
        ]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let results = try standard.evaluate(
            EvaluationContext(inputs: context.inputs, outputCount: 4, pool: context.pool))
        return results.indices.filter { $0 != 1 }.map { results[$0] }
    }
}
