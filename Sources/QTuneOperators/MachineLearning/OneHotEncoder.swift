import QTuneGraph
import QTuneTensor

/// A vector for each element, 1 at the place of the element among the categories. Numbers are cut to integers first.
struct OneHotEncoder: MachineLearningOperator {
    static let name = "OneHotEncoder"

    private let categories: ClassLabels
    private let places: [LabelKey: Int]
    /// Whether what is no category gives zeros; it is an error otherwise.
    private let allowsUnknown: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        categories = try .required(node, integers: "cats_int64s", strings: "cats_strings")
        places = Dictionary(zip(try LabelKey.keys(of: categories.tensor), 0..<categories.count)) { $1 }
        allowsUnknown = try node.int("zeros") ?? 1 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.float32, context[0].dimensions.map { $0 + [.fixed(categories.count)] })]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard (input.dtype == .string) == (categories.dtype == .string) else {
            throw QTuneError(.invalidInput, "elements of \(input.dtype) among categories of \(categories.dtype)")
        }
        let keys =
            input.dtype.isFloatingPoint
            ? try input.doubles().map { LabelKey.integer(Int(Int64(saturating: $0))) } : try LabelKey.keys(of: input)
        let shape = try checkedShape(input.shape.dimensions + [categories.count], operand: "the encoding")
        let output = try context.makeOutput(0, .float32, shape)
        try output.withMutableSpan(of: Float.self) { target in
            for index in target.indices { target[index] = 0 }
            for (element, key) in keys.enumerated() {
                if let place = places[key] {
                    target[element * categories.count + place] = 1
                } else if !allowsUnknown {
                    throw QTuneError(.invalidInput, "element \(element) is no category, and 'zeros' is 0")
                }
            }
        }
        return [.tensor(output)]
    }
}
