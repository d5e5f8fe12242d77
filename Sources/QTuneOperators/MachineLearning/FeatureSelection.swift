import QTuneGraph
import QTuneTensor

/// Takes elements of the last axis by their numbers. Operands: data, numbers. A vector gives a matrix of one row.
struct ArrayFeatureExtractor: MachineLearningOperator {
    static let name = "ArrayFeatureExtractor"

    init(_ node: NodeReader) throws { try node.expect(inputs: 2...2) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let data = context[0].dimensions else { return [.tensor(context[0].dtype, nil)] }
        let count = context[1].type?.shape.map { Dimension.fixed($0.elementCount) } ?? .unknown
        return [.tensor(context[0].dtype, data.count == 1 ? [.fixed(1), count] : data.dropLast() + [count])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let data = try context.tensor(0)
        guard let axis = data.shape.normalizedAxis(-1), let numbers = try context.integers(1), !numbers.isEmpty else {
            throw QTuneError(.invalidInput, "features of \(data.shape), none chosen")
        }
        if let wrong = numbers.first(where: { !(0..<data.shape[axis]).contains($0) }) {
            throw QTuneError(.invalidInput, "feature \(wrong) of \(data.shape[axis])")
        }
        let leading = data.shape.rank == 1 ? [1] : Array(data.shape.dimensions.dropLast())
        let shape = try checkedShape(leading + [numbers.count], operand: "the selection")
        let carrier = try ElementCarrier([data])
        return [
            try carrier.makeOutput(context, shape) { output in
                FlatGather.gather(carrier.tensors[0], axis: axis, places: numbers, into: output)
            }
        ]
    }
}

/// Puts the columns of matrices beside one another, as float32. A vector is a matrix of one row.
struct FeatureVectorizer: MachineLearningOperator {
    static let name = "FeatureVectorizer"

    private let widths: [Int]

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...Int(Int32.max))
        widths = try node.ints("inputdimensions") ?? []
        let sizes = 0...Int(Int32.max)
        guard widths.isEmpty || widths.count == node.node.inputs.count, widths.allSatisfy(sizes.contains)
        else {
            throw QTuneError(
                .invalidModel, "attribute 'inputdimensions' is \(widths) for \(node.node.inputs.count) operands")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let parts = context.inputs.indices.map { index in
            widths.isEmpty ? context[index].dimensions?.last ?? .unknown : .fixed(widths[index])
        }
        return [.tensor(.float32, [FeatureRows.inferCount(context[0]), DimensionArithmetic.sum(parts)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let parts = try context.inputs.indices.map { try context.tensor($0).asFloat32() }
        let tables = try parts.map { try FeatureRows($0.shape) }
        let count = tables[0].count
        guard tables.allSatisfy({ $0.count == count }) else {
            throw QTuneError(.invalidInput, "operands of \(tables.map(\.count)) rows")
        }
        // A width that differs from the operand's own cuts columns off, or leaves zeros.
        let lengths = widths.isEmpty ? tables.map(\.features) : widths
        let total = lengths.reduce(0, +)
        let output = try context.makeOutput(0, .float32, try checkedShape([count, total], operand: "the columns"))
        output.withMutableSpan(of: Float.self) { target in
            var column = 0
            for (part, (table, length)) in zip(parts, zip(tables, lengths)) where length > 0 {
                part.withSpan(of: Float.self) { source in
                    for row in 0..<count {
                        for index in 0..<length {
                            target[row * total + column + index] =
                                index < table.features ? source[row * table.features + index] : 0
                        }
                    }
                }
                column += length
            }
        }
        return [.tensor(output)]
    }
}
