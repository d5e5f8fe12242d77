internal import QTuneGraph
internal import QTuneOperators

/// What passes know of the values of a graph before it runs, kept from pass to pass.
struct TypeTable {
    let opsets: [String: Int]
    let registry: OperatorRegistry
    private(set) var values: [String: InferredValue] = [:]
    private var memory = InferenceMemory()

    init(opsets: [String: Int], registry: OperatorRegistry) {
        self.opsets = opsets
        self.registry = registry
    }

    /// Takes over what can be said of `graph`. Nothing is known of a graph that breaks the standard: passes then leave
    /// it alone, and running it reports what is wrong.
    mutating func update(_ graph: Graph) {
        let inferred = try? ShapeInference.infer(graph, opsets: opsets, registry: registry, memory: &memory)
        values = inferred ?? [:]
    }
}
