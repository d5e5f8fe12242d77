internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// What passes know of the values of a graph before it runs.
enum TypeTable {
    /// Nothing is known of a graph that breaks the standard: passes then leave it alone, and running it reports what is
    /// wrong.
    static func infer(_ graph: Graph, opsets: [String: Int], registry: OperatorRegistry) -> [String: InferredValue] {
        (try? ShapeInference.infer(graph, opsets: opsets, registry: registry)) ?? [:]
    }
}
