internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// What is known of every value of a graph before it runs. Where an operator cannot say, the value is unknown:
/// the optimizer then leaves it alone, and running the graph reports what is wrong.
enum TypeTable {
    static func infer(_ graph: Graph, opsets: [String: Int], registry: OperatorRegistry) -> [String: InferredValue] {
        var table: [String: InferredValue] = [:]
        for input in graph.inputs { table[input.name] = InferredValue(type: input.type) }
        for (name, tensor) in graph.initializers where table[name] == nil {
            table[name] = InferredValue(type: .tensor(tensor.dtype, tensor.shape), constant: tensor)
        }
        for node in graph.nodes {
            let context = InferenceContext(
                inputs: node.inputs.map { $0.isEmpty ? nil : table[$0] ?? .unknown }, outputCount: node.outputs.count)
            guard let made = try? registry.make(node, opsets: opsets), let values = try? made.inferOutputs(context) else {
                continue
            }
            for (name, value) in zip(node.outputs, values) where !name.isEmpty { table[name] = value }
        }
        return table
    }
}
