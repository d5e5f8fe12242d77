import QTuneGraph
import QTuneKernels
import QTuneOperators
import QTuneTensor

/// Evaluates one node of an operator set on its own, and gives its tensors.
func evaluateNode(
    _ opType: String, domain: String = "", opset: Int = 21, _ attributes: [String: Attribute] = [:],
    _ operands: [Tensor?], outputs: Int = 1, prepacks: Bool = false
) throws -> [Tensor] {
    let node = Node(
        opType, domain: domain, inputs: operands.indices.map { operands[$0] == nil ? "" : "i\($0)" },
        outputs: (0..<outputs).map { "o\($0)" }, attributes: attributes)
    var made = try OperatorRegistry.standard.make(node, opsets: [domain: opset])
    if prepacks {
        let constants = Dictionary(
            uniqueKeysWithValues: operands.enumerated().compactMap { index, tensor in
                tensor.map { (index, $0) }
            })
        made = try made.prepacked(constants) ?? made
    }
    let context = EvaluationContext(
        inputs: operands.map { $0.map(Value.tensor) }, outputCount: outputs, pool: ThreadPool(threads: 1))
    return try made.evaluate(context).compactMap(\.tensor)
}

/// A float32 tensor.
func float32(_ values: [Float], _ shape: Shape) -> Tensor { Tensor(values, shape: shape) }

/// Whether the elements agree with `expected` within `tolerance`.
func agrees(_ tensor: Tensor, _ expected: [Float], tolerance: Float = 1e-5) -> Bool {
    let values = tensor.array(of: Float.self)
    return values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) <= tolerance }
}
