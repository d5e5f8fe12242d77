import QTuneGraph
import QTuneKernels
import QTuneTensor

extension EvaluationContext {
    /// Operand `index`, which must be a sequence.
    func sequence(_ index: Int) throws -> [Value] {
        guard index < inputs.count, let value = inputs[index], case .sequence(let elements) = value else {
            throw QTuneError(.invalidInput, "operand \(index) is no sequence")
        }
        return elements
    }

    /// Operand `index` as a place in a sequence of `count`, or nil where it is left out.
    func place(_ index: Int, count: Int) throws -> Int? {
        guard let numbers = try integers(index) else { return nil }
        guard numbers.count == 1 else { throw QTuneError(.invalidInput, "operand \(index) must be one place") }
        return try normalizedIndex(numbers[0], length: count)
    }
}

/// What is known of the elements of a sequence.
private func elementType(_ type: ValueType?) -> ValueType? {
    if case .sequence(let element) = type { element } else { nil }
}

struct SequenceEmpty: Operator {
    static let name = "SequenceEmpty"
    static let versions = [11]
    private let dtype: DType

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 0...0)
        dtype = try node.int("dtype").map { try QTuneOperators.elementType($0, "dtype") } ?? .float32
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [InferredValue(type: .sequence(.tensor(dtype, nil)))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] { [.sequence([])] }
}

struct SequenceConstruct: Operator {
    static let name = "SequenceConstruct"
    static let versions = [11]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...Int.max) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let types = context.inputs.map { $0?.type }
        return [InferredValue(type: .sequence(types.dropFirst().reduce(types[0]) { ValueType.common($0, $1) }))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] { [.sequence(context.inputs.compactMap { $0 })] }
}

struct SequenceInsert: Operator {
    static let name = "SequenceInsert"
    static let versions = [11]

    init(_ node: NodeReader) throws { try node.expect(inputs: 2...3) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [InferredValue(type: .sequence(ValueType.common(elementType(context[0].type), context[1].type)))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        var elements = try context.sequence(0)
        guard let value = context.inputs[1] else { throw QTuneError(.invalidModel, "operand 1 is missing") }
        let count = elements.count
        let place = try context.integers(2).map { numbers -> Int in
            guard numbers.count == 1 else { throw QTuneError(.invalidInput, "operand 2 must be one place") }
            return numbers[0] == count ? count : try normalizedIndex(numbers[0], length: count)
        }
        elements.insert(value, at: place ?? count)
        return [.sequence(elements)]
    }
}

struct SequenceErase: Operator {
    static let name = "SequenceErase"
    static let versions = [11]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...2) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [InferredValue(type: context[0].type)] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        var elements = try context.sequence(0)
        guard let place = try context.place(1, count: elements.count) ?? elements.indices.last else {
            throw QTuneError(.invalidInput, "the sequence is empty")
        }
        elements.remove(at: place)
        return [.sequence(elements)]
    }
}

struct SequenceAt: Operator {
    static let name = "SequenceAt"
    static let versions = [11]

    init(_ node: NodeReader) throws { try node.expect(inputs: 2...2) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [InferredValue(type: elementType(context[0].type))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let elements = try context.sequence(0)
        guard let place = try context.place(1, count: elements.count) else {
            throw QTuneError(.invalidModel, "operand 1 is missing")
        }
        return [elements[place]]
    }
}

struct SequenceLength: Operator {
    static let name = "SequenceLength"
    static let versions = [11]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [.tensor(.int64, [])] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        [.tensor(Tensor(scalar: Int64(try context.sequence(0).count)))]
    }
}

/// Runs a sub-graph on each element of a sequence, and on the elements of others at the same place.
struct SequenceMap: Operator {
    static let name = "SequenceMap"
    static let versions = [17]
    private let body: Graph

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...Int.max, outputs: 1...Int.max)
        body = try node.required("body", node.graph("body"))
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let operands = context.inputs.map { input in
            if case .sequence(let element) = input?.type { InferredValue(type: element) } else { input ?? .unknown }
        }
        return try context.inferSubgraph(body, operands).map { InferredValue(type: .sequence($0.type)) }
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let count = try context.sequence(0).count
        var results = [[Value]](repeating: [], count: body.outputs.count)
        for place in 0..<count {
            let operands = try context.inputs.map { input -> Value in
                guard let input else { throw QTuneError(.invalidModel, "an operand is missing") }
                guard case .sequence(let elements) = input else { return input }
                guard place < elements.count else {
                    throw QTuneError(.invalidInput, "the sequences differ in length")
                }
                return elements[place]
            }
            for (index, value) in try context.runSubgraph(body, operands).enumerated() { results[index].append(value) }
        }
        return results.map(Value.sequence)
    }
}

/// A tensor cut along an axis into a sequence.
struct SplitToSequence: Operator {
    static let name = "SplitToSequence"
    static let versions = [11, 24]
    private let axis: Int
    private let keepsAxis: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...2)
        axis = try node.int("axis") ?? 0
        keepsAxis = try node.int("keepdims") ?? 1 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [InferredValue(type: .sequence(.tensor(context[0].dtype, nil)))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let axis = try normalizedAxis(self.axis, rank: input.shape.rank)
        let lengths = try cuts(context, input.shape[axis])
        let dropsAxis = !keepsAxis && !context.has(1)
        let carrier = try ElementCarrier([input])
        let strides = input.shape.strides
        var offset = 0
        let parts = try lengths.map { length in
            var box = input.shape.dimensions
            box[axis] = length
            let view = StridedView(offset: offset * strides[axis], strides: strides)
            offset += length
            let local = EvaluationContext(inputs: [], outputCount: 1, pool: context.pool)
            let part = try carrier.makeOutput(local, Shape(box)) { output in
                StridedCopy.fill(output, from: carrier.tensors[0], view)
            }
            guard dropsAxis, let tensor = part.tensor else { return part }
            box.remove(at: axis)
            return .tensor(tensor.reshaped(to: Shape(box)))
        }
        return [.sequence(parts)]
    }

    /// The lengths of the parts.
    private func cuts(_ context: EvaluationContext, _ length: Int) throws -> [Int] {
        guard let split = try context.optionalTensor(1) else { return try cuts(length, by: 1) }
        guard let numbers = split.integers, numbers.allSatisfy({ $0 >= 0 && $0 <= length || split.shape.rank == 0 })
        else {
            throw QTuneError(.invalidInput, "operand 1 does not cut \(length)")
        }
        if split.shape.rank == 0 {
            guard let part = numbers.first, part > 0 else {
                throw QTuneError(.invalidInput, "operand 1 is not positive")
            }
            return try cuts(length, by: part)
        }
        // What is left of the length, so that no sum can overflow.
        guard numbers.reduce(length, { $0 < $1 ? -1 : $0 - $1 }) == 0 else {
            throw QTuneError(.invalidInput, "operand 1 does not cut \(length)")
        }
        return numbers
    }

    private func cuts(_ length: Int, by part: Int) throws -> [Int] {
        // An empty tensor may have an axis of any length, and each part is a tensor.
        try MemoryLimit.check(.complex128, [length / part])
        return stride(from: 0, to: length, by: part).map { min(part, length - $0) }
    }
}

/// The tensors of a sequence one after another along an axis, or along a new one.
struct ConcatFromSequence: Operator {
    static let name = "ConcatFromSequence"
    static let versions = [11]
    private let axis: Int
    private let isNewAxis: Bool
    private let concat: Concat

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        axis = try node.required("axis", node.int("axis"))
        isNewAxis = try node.int("new_axis") ?? 0 != 0
        concat = try Concat(node)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(elementType(context[0].type)?.dtype, nil)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let elements = try context.sequence(0)
        guard !elements.isEmpty else { throw QTuneError(.invalidInput, "the sequence is empty") }
        if isNewAxis { return [try stacked(elements.compactMap(\.tensor), axis: axis, empty: nil)] }
        let inner = EvaluationContext(inputs: elements, outputCount: 1, pool: context.pool)
        return try concat.evaluate(inner)
    }
}
