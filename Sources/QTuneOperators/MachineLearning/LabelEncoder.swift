import QTuneGraph
import QTuneTensor

/// Maps each element to another value, which may be of another type; what is no key gives a default value.
///
/// Keys and values are lists or tensors of strings, integers or floats. The oldest version knows one list of strings,
/// and goes from strings to their places or back.
struct LabelEncoder: MachineLearningOperator {
    static let name = "LabelEncoder"
    static let versions = [1, 2, 4]

    private let table: LabelTable
    private let defaultValue: Tensor
    /// The table from strings to their places, where version 1 goes by the type of its operand.
    private let places: (table: LabelTable, defaultValue: Tensor)?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        guard node.opset >= 2 else {
            let classes = try node.required("classes_strings", try node.strings("classes_strings"))
            let numbers = Tensor(classes.indices.map { Int64($0) })
            let strings = Tensor(strings: classes, shape: [classes.count])
            table = try LabelTable(keys: numbers, values: strings)
            defaultValue = Tensor(strings: [try node.string("default_string") ?? "_Unused"], shape: [1])
            places = (
                try LabelTable(keys: strings, values: numbers),
                Tensor([Int64(try node.int("default_int64") ?? -1)])
            )
            return
        }
        table = try LabelTable(keys: try Self.list(node, "keys"), values: try Self.list(node, "values"))
        defaultValue = try Self.defaultValue(node, table.values.dtype)
        places = nil
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dtype: DType? =
            if let places {
                context[0].dtype.map { $0 == .string ? places.table.values.dtype : table.values.dtype }
            } else {
                table.values.dtype
            }
        return [.tensor(dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        if let places, input.dtype == .string {
            return [.tensor(try places.table.map(input, defaultValue: places.defaultValue))]
        }
        return [.tensor(try table.map(input, defaultValue: defaultValue))]
    }

    /// The list that the attributes of one prefix hold: exactly one of them is there.
    private static func list(_ node: NodeReader, _ prefix: String) throws -> Tensor {
        var lists: [Tensor] = []
        if let tensor = try node.tensor("\(prefix)_tensor") { lists.append(tensor) }
        if let strings = try node.strings("\(prefix)_strings") {
            lists.append(Tensor(strings: strings, shape: [strings.count]))
        }
        if let integers = try node.ints("\(prefix)_int64s") { lists.append(Tensor(integers.map { Int64($0) })) }
        if let floats = try node.floats("\(prefix)_floats") { lists.append(Tensor(floats)) }
        guard lists.count == 1 else {
            throw QTuneError(.invalidModel, "\(lists.count) attributes '\(prefix)_...', not 1")
        }
        return lists[0].reshaped(to: [lists[0].count])
    }

    private static func defaultValue(_ node: NodeReader, _ dtype: DType) throws -> Tensor {
        if let tensor = try node.tensor("default_tensor") {
            guard tensor.dtype == dtype, tensor.count == 1 else {
                throw QTuneError(.invalidModel, "attribute 'default_tensor' is \(tensor.dtype)\(tensor.shape)")
            }
            return tensor
        }
        switch dtype {
        case .string: return Tensor(strings: [try node.string("default_string") ?? "_Unused"], shape: [1])
        case .float32: return Tensor([try node.float("default_float") ?? -0.0])
        case .float64: return Tensor([Double(try node.float("default_float") ?? -0.0)])
        case .int64: return Tensor([Int64(try node.int("default_int64") ?? -1)])
        case .int32: return Tensor([Int32(truncatingIfNeeded: try node.int("default_int64") ?? -1)])
        case .int16: return Tensor([Int16(truncatingIfNeeded: try node.int("default_int64") ?? -1)])
        default: throw QTuneError(.invalidModel, "labels of type \(dtype)")
        }
    }
}

/// Maps strings to integers or integers to strings by two lists.
struct CategoryMapper: MachineLearningOperator {
    static let name = "CategoryMapper"

    private let names: LabelTable
    private let numbers: LabelTable
    private let defaultName: Tensor
    private let defaultNumber: Tensor

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let strings = try node.required("cats_strings", try node.strings("cats_strings"))
        let integers = try node.required("cats_int64s", try node.ints("cats_int64s")).map { Int64($0) }
        let stringTensor = Tensor(strings: strings, shape: [strings.count])
        numbers = try LabelTable(keys: stringTensor, values: Tensor(integers))
        names = try LabelTable(keys: Tensor(integers), values: stringTensor)
        defaultName = Tensor(strings: [try node.string("default_string") ?? "_Unused"], shape: [1])
        defaultNumber = Tensor([Int64(try node.int("default_int64") ?? -1)])
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype.map { $0 == .string ? .int64 : .string }, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        return [
            .tensor(
                input.dtype == .string
                    ? try numbers.map(input, defaultValue: defaultNumber)
                    : try names.map(input, defaultValue: defaultName))
        ]
    }
}
