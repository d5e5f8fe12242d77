import QTuneGraph
import QTuneTensor

/// A map for each row of scores, from the labels to the scores of the row.
struct ZipMap: MachineLearningOperator {
    static let name = "ZipMap"

    private let labels: ClassLabels
    /// The columns in the order of their labels.
    private let order: [Int]

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        labels = try .required(node, integers: "classlabels_int64s", strings: "classlabels_strings")
        order = labels.ascendingOrder
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [InferredValue(type: .sequence(.map(key: labels.dtype, value: .tensor(.float32, []))))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let scores = try context.tensor(0)
        let rows = try FeatureRows(scores.shape)
        guard scores.dtype == .float32, rows.features == labels.count else {
            throw QTuneError(.invalidInput, "scores \(scores.dtype)\(scores.shape) for \(labels.count) labels")
        }
        let keys = labels.tensor(at: order)
        let values = scores.array(of: Float.self)
        return [
            .sequence(
                (0..<rows.count).map { row in
                    .map(keys: keys, values: Tensor(order.map { values[row * rows.features + $0] }))
                })
        ]
    }
}

/// The values of a map in the order of a vocabulary, 0 or an empty string for keys that the map does not have.
struct DictVectorizer: MachineLearningOperator {
    static let name = "DictVectorizer"

    private let vocabulary: ClassLabels

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        vocabulary = try .required(node, integers: "int64_vocabulary", strings: "string_vocabulary")
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard case .map(_, let value) = context[0].type else {
            return [.tensor(nil, [.fixed(1), .fixed(vocabulary.count)])]
        }
        return [.tensor(value?.dtype, [.fixed(1), .fixed(vocabulary.count)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (keys, values) = try context.map(0)
        guard keys.dtype == vocabulary.dtype else {
            throw QTuneError(.invalidInput, "keys of \(keys.dtype) for a vocabulary of \(vocabulary.dtype)")
        }
        let table = try LabelTable(keys: keys, values: values)
        let none = Tensor(zeros: values.dtype, shape: [1])
        return [.tensor(try table.map(vocabulary.tensor, defaultValue: none).reshaped(to: [1, vocabulary.count]))]
    }
}

/// The values of a map of integer keys as a row, in the order of the keys: one after another, or each at the place that
/// its key names.
struct CastMap: MachineLearningOperator {
    static let name = "CastMap"

    private let target: DType
    /// Elements of the row where keys are places; nil where values follow one another.
    private let length: Int?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        switch try node.string("cast_to") ?? "TO_FLOAT" {
        case "TO_FLOAT": target = .float32
        case "TO_INT64": target = .int64
        case "TO_STRING": target = .string
        case let other: throw QTuneError(.invalidModel, "attribute 'cast_to' is '\(other)'")
        }
        switch try node.string("map_form") ?? "DENSE" {
        case "DENSE": length = nil
        case "SPARSE":
            let length = try node.int("max_map") ?? 1
            guard length > 0, length <= Int(Int32.max) else {
                throw QTuneError(.invalidModel, "attribute 'max_map' is \(length)")
            }
            self.length = length
        case let other: throw QTuneError(.invalidModel, "attribute 'map_form' is '\(other)'")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(target, [.fixed(1), length.map(Dimension.fixed) ?? .unknown])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (keys, values) = try context.map(0)
        guard let places = keys.integers else {
            throw QTuneError(.invalidInput, "keys of type \(keys.dtype), not integers")
        }
        let cast = Node("Cast", inputs: ["x"], outputs: ["y"], attributes: ["to": .int(Int64(target.rawValue))])
        let row = try Cast(NodeReader(cast, opset: 21)).evaluate(
            EvaluationContext(inputs: [.tensor(values)], outputCount: 1, pool: context.pool))
        guard let row = row.first?.tensor else { throw QTuneError(.internalError, "a Cast gives no tensor") }
        if let length { return [.tensor(try sparse(row, at: places, length: length))] }
        let table = try LabelTable(keys: keys, values: row)
        let none = Tensor(zeros: target, shape: [1])
        return [.tensor(try table.map(keys, defaultValue: none).reshaped(to: [1, places.count]))]
    }

    /// A row of `length` elements, `values` at their places, and 0 or an empty string elsewhere.
    private func sparse(_ values: Tensor, at places: [Int], length: Int) throws -> Tensor {
        guard places.allSatisfy({ (0..<length).contains($0) }) else {
            throw QTuneError(.invalidInput, "a key lies outside of 0..<\(length)")
        }
        let shape: Shape = [1, length]
        guard target != .string else {
            try EvaluationContext.checkStrings(shape)
            var strings = [String](repeating: "", count: length)
            for (place, string) in zip(places, values.strings) { strings[place] = string }
            return Tensor(strings: strings, shape: shape)
        }
        let output = try EvaluationContext.fresh(target, shape)
        if target == .float32 {
            FlatGather.scatter(Float.self, values, offsets: places, into: output) { $1 }
        } else {
            FlatGather.scatter(Int64.self, values, offsets: places, into: output) { $1 }
        }
        return output
    }
}

extension EvaluationContext {
    /// Operand `index`, which must be a map: its keys, and as many values.
    fileprivate func map(_ index: Int) throws -> (keys: Tensor, values: Tensor) {
        guard index < inputs.count, case .map(let keys, let values)? = inputs[index], keys.count == values.count else {
            throw QTuneError(.invalidInput, "operand \(index) is not a map")
        }
        return (keys, values)
    }
}
