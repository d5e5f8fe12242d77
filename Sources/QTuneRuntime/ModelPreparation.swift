internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// What is done to every model before it is optimized or run, none of which changes a result.
enum ModelPreparation {
    static func prepare(_ model: Model, options: SessionOptions) throws -> Model {
        var prepared = try FunctionExpansion.expand(model)
        try fillSparseInitializers(of: &prepared.graph)
        if model.irVersion < firstVersionWithOverridableInitializers {
            let constants = prepared.graph.initializers
            prepared.graph.inputs.removeAll { constants[$0.name] != nil }
        }
        try pin(options.fixedDimensions, in: &prepared.graph)
        try addEntries(options.entries, to: &prepared.graph)
        try addTaps(options.taps, to: &prepared.graph)
        try prepared.graph = GraphEditor(prepared.graph).finish()
        return prepared
    }

    /// Puts dense constants in the place of sparse ones, in sub-graphs too.
    private static func fillSparseInitializers(of graph: inout Graph) throws {
        for (name, sparse) in graph.sparseInitializers {
            graph.initializers[name] = try locating("initializer '\(name)'") { try dense(sparse) }
        }
        graph.sparseInitializers = [:]
        for index in graph.nodes.indices {
            for case (let name, .graph(var body)) in graph.nodes[index].attributes {
                try fillSparseInitializers(of: &body)
                graph.nodes[index].attributes[name] = .graph(body)
            }
        }
    }

    /// Older files had to list every initializer among the inputs without meaning that callers may replace it.
    private static let firstVersionWithOverridableInitializers = 4

    private static func pin(_ lengths: [String: Int], in graph: inout Graph) throws {
        var unused = Set(lengths.keys)
        graph.inputs = graph.inputs.map { input in
            guard case .tensor(let dtype, let dimensions?) = input.type else { return input }
            var pinned = input
            pinned.type = .tensor(
                dtype,
                dimensions.map { dimension in
                    guard case .symbolic(let name) = dimension, let length = lengths[name] else { return dimension }
                    unused.remove(name)
                    return .fixed(length)
                })
            return pinned
        }
        if let name = unused.min() {
            throw QTuneError(
                .invalidArgument, "no input has a dimension called '\(name)'",
                remedy: "the inputs are: \(graph.requiredInputs.map { "\($0.name) \($0.type?.description ?? "")" })")
        }
    }

    private static func addEntries(_ entries: [String], to graph: inout Graph) throws {
        guard !entries.isEmpty else { return }
        var editor = GraphEditor(graph)
        for name in entries where !graph.inputs.contains(where: { $0.name == name }) {
            guard let id = editor.producer(of: name), var node = editor[id] else { throw unknown(name) }
            node.outputs = node.outputs.map { $0 == name ? editor.freshName("replaced") : $0 }
            editor.replace(id, with: node)
            editor.graph.inputs.append(graph.valueInfo[name] ?? ValueInfo(name))
        }
        graph = try editor.finish()
        let used = Set(graph.nodes.flatMap(\.dependencies)).union(graph.outputs.map(\.name))
        graph.inputs.removeAll { !used.contains($0.name) }
    }

    private static func addTaps(_ taps: [String], to graph: inout Graph) throws {
        guard !taps.isEmpty else { return }
        let known = Set(graph.nodes.flatMap(\.outputs)).union(graph.initializers.keys).union(graph.inputs.map(\.name))
        var given = Set(graph.outputs.map(\.name))
        for name in taps {
            guard !name.isEmpty, known.contains(name) else { throw unknown(name) }
            if given.insert(name).inserted { graph.outputs.append(graph.valueInfo[name] ?? ValueInfo(name)) }
        }
    }

    private static func unknown(_ name: String) -> QTuneError {
        QTuneError(.invalidArgument, "the model has no tensor called '\(name)'")
    }
}
