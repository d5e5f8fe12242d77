package import QTuneGraph
internal import QTuneKernels
package import QTuneTensor

/// A value that the node itself holds.
struct Constant: Operator {
    static let name = "Constant"
    static let versions = [1, 9, 11, 12, 13, 19, 21, 23, 24, 25]
    private let value: Tensor

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 0...0)
        let value: Tensor? =
            if let tensor = try node.tensor("value") {
                tensor
            } else if let float = try node.float("value_float") {
                Tensor(scalar: float)
            } else if let floats = try node.floats("value_floats") {
                Tensor(floats)
            } else if let int = try node.int("value_int") {
                Tensor(scalar: Int64(int))
            } else if let ints = try node.ints("value_ints") {
                Tensor(ints.map { Int64($0) })
            } else if let string = try node.string("value_string") {
                Tensor(strings: [string], shape: .scalar)
            } else if let strings = try node.strings("value_strings") {
                Tensor(strings: strings, shape: [strings.count])
            } else if case .sparseTensor(let sparse) = node.node.attributes["sparse_value"] {
                try dense(sparse)
            } else { nil }
        self.value = try node.required("value", value)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [InferredValue(constant: value)] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] { [.tensor(value)] }
}

/// The elements of a sparse tensor with all zeros between them.
package func dense(_ sparse: SparseTensor) throws -> Tensor {
    let shape = try checkedShape(sparse.dimensions, operand: "a sparse tensor")
    let result = try EvaluationContext.fresh(sparse.values.dtype, shape)
    guard let indices = sparse.indices.integers, [8, 16, 32, 64].contains(result.dtype.bitWidth) else {
        throw QTuneError(.unsupported, "a sparse tensor of \(result.dtype)")
    }
    let isLinear = sparse.indices.shape.rank == 1
    let width = isLinear ? 1 : shape.rank
    guard indices.count == sparse.values.count * width, sparse.values.shape.rank == 1 else {
        throw QTuneError(
            .invalidModel, "a sparse tensor has \(sparse.values.count) values and \(indices.count) indices")
    }
    let strides = isLinear ? [1] : shape.strides
    let lengths = isLinear ? [shape.elementCount] : shape.dimensions
    for entry in 0..<sparse.values.count {
        var place = 0
        for axis in 0..<width {
            place += try normalizedIndex(indices[entry * width + axis], length: lengths[axis]) * strides[axis]
        }
        StridedCopy.copy(
            [], from: sparse.values, StridedView(offset: entry, strides: []), to: result,
            StridedView(offset: place, strides: []))
    }
    return result
}

/// A tensor of a given shape with the same value everywhere, float32 zero unless the node says otherwise.
struct ConstantOfShape: Operator {
    static let name = "ConstantOfShape"
    static let versions = [9, 20, 21, 23, 24, 25]
    private let value: Tensor

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        value = try node.tensor("value") ?? Tensor([Float(0)])
        guard value.count == 1 else {
            throw QTuneError(.invalidModel, "attribute 'value' has \(value.count) elements, not 1")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        var result = InferredValue.tensor(value.dtype, context[0].lengths)
        if let length = result.type?.shape, length.rank == 1, length[0] <= InferredValue.mostElements {
            result.elements = value.integers.map { [Dimension](repeating: .fixed($0[0]), count: length[0]) }
        }
        return [result]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        guard let lengths = try context.integers(0) else { throw QTuneError(.invalidModel, "operand 0 is missing") }
        let shape = try checkedShape(lengths, operand: "operand 0")
        let carrier = try ElementCarrier([value])
        return [
            try carrier.makeOutput(context, shape) { output in
                let strides = [Int](repeating: 0, count: shape.rank)
                StridedCopy.fill(output, from: carrier.tensors[0], StridedView(strides: strides))
            }
        ]
    }
}

/// The operand itself.
struct Identity: Operator {
    static let name = "Identity"
    static let versions = [1, 13, 14, 16, 19, 21, 23, 24, 25]
    var isView: Bool { true }

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [context[0]] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        guard let value = context.inputs.first ?? nil else { throw QTuneError(.invalidModel, "operand 0 is missing") }
        return [value]
    }
}
