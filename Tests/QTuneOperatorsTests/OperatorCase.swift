import QTuneGraph
import QTuneKernels
import QTuneOperators
import QTuneTensor
import Testing

/// One node with operands and the results that are due.
struct OperatorCase: Sendable, CustomTestStringConvertible {
    let node: Node
    let opset: Int
    let inputs: [Value?]
    let expected: [Value]
    let tolerance: Double

    /// - Parameter type: an operator's name, behind its domain and a dot where it is not a standard one.
    init(
        _ type: String, opset: Int = 21, _ attributes: [String: Attribute], _ inputs: [Tensor?],
        gives expected: [Tensor], within tolerance: Double = 0
    ) {
        let dot = type.lastIndex(of: ".")
        node = Node(
            dot.map { String(type[type.index(after: $0)...]) } ?? type,
            domain: dot.map { String(type[..<$0]) } ?? "",
            inputs: inputs.enumerated().map { $1 == nil ? "" : "x\($0)" },
            outputs: expected.indices.map { "y\($0)" }, attributes: attributes)
        self.opset = opset
        self.inputs = inputs.map { $0.map(Value.tensor) }
        self.expected = expected.map(Value.tensor)
        self.tolerance = tolerance
    }

    init(
        _ type: String, opset: Int = 21, _ attributes: [String: Attribute], _ inputs: Tensor?...,
        gives expected: Tensor,
        within tolerance: Double = 0
    ) {
        self.init(type, opset: opset, attributes, inputs, gives: [expected], within: tolerance)
    }

    init(
        _ type: String, opset: Int = 21, _ inputs: Tensor?..., gives expected: Tensor, within tolerance: Double = 0
    ) {
        self.init(type, opset: opset, [:], inputs, gives: [expected], within: tolerance)
    }

    init(_ type: String, _ inputs: [Tensor?], gives expected: [Tensor]) {
        self.init(type, [:], inputs, gives: expected)
    }

    var testDescription: String {
        "\(node.opType)-\(opset) \(inputs.map { $0.map { "\($0.type)" } ?? "-" }.joined(separator: " "))"
    }

    /// Runs the node and checks its results and what was inferred of them.
    func check() throws {
        let op = try OperatorRegistry.standard.make(node, opsets: [node.domain: opset])
        let context = EvaluationContext(
            inputs: inputs, outputCount: node.outputs.count, pool: ThreadPool(threads: 1))
        let actual = try op.evaluate(context)
        #expect(actual.count >= expected.count)
        for (actual, expected) in zip(actual, expected) { check(actual, expected) }
        let known = inputs.map { $0.map { InferredValue(type: $0.type) } }
        let inferred = try op.inferOutputs(InferenceContext(inputs: known, outputCount: node.outputs.count))
        for (inferred, expected) in zip(inferred, expected) { checkInferred(inferred, expected.type) }
    }

    private func check(_ actual: Value, _ expected: Value) {
        guard tolerance > 0, let a = actual.tensor, let b = expected.tensor, a.dtype == .float32, b.dtype == .float32,
            a.shape == b.shape
        else {
            #expect(actual == expected, "\(text(actual)) is not \(text(expected))")
            return
        }
        for (x, y) in zip(a.array(of: Float.self), b.array(of: Float.self)) {
            let isClose = x == y || x.isNaN && y.isNaN || abs(Double(x) - Double(y)) <= tolerance
            #expect(isClose, "\(x) is not \(y)")
        }
    }

    private func checkInferred(_ inferred: InferredValue, _ type: ValueType) {
        if let dtype = inferred.dtype { #expect(dtype == type.dtype) }
        guard let dimensions = inferred.dimensions, let lengths = type.shape?.dimensions else { return }
        #expect(dimensions.count == lengths.count)
        for (dimension, length) in zip(dimensions, lengths) { #expect((dimension.value ?? length) == length) }
    }

    private func text(_ value: Value) -> String {
        guard let tensor = value.tensor else { return "\(value)" }
        let elements =
            switch tensor.dtype {
            case .float32: "\(tensor.array(of: Float.self))"
            case .string: "\(tensor.strings)"
            default: "\(tensor.integers ?? [])"
            }
        return "\(tensor.dtype)\(tensor.shape) \(elements)"
    }
}

/// A float32 tensor.
func floats(_ elements: [Float], _ shape: Shape? = nil) -> Tensor {
    Tensor(elements, shape: shape ?? [elements.count])
}

/// An int64 tensor.
func ints(_ elements: [Int64], _ shape: Shape? = nil) -> Tensor {
    Tensor(elements, shape: shape ?? [elements.count])
}

/// A tensor of truth values.
func truths(_ elements: [Bool], _ shape: Shape? = nil) -> Tensor {
    Tensor(elements, shape: shape ?? [elements.count])
}
