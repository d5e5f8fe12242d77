package import QTuneGraph
package import QTuneKernels
import QTuneTensor

/// Runs a graph one node after another, with nothing planned and nothing kept: the plainest way to run it, which
/// everything faster is measured against.
package struct GraphInterpreter {
    private let opsets: [String: Int]
    private let registry: OperatorRegistry
    private let pool: ThreadPool

    package init(
        opsets: [String: Int], registry: OperatorRegistry = .standard, pool: ThreadPool = ThreadPool(threads: 1)
    ) {
        self.opsets = opsets
        self.registry = registry
        self.pool = pool
    }

    /// Every value of `graph`, by name.
    /// - Parameters:
    ///   - inputs: the operands that the caller gives.
    ///   - outer: the values that an enclosing graph offers.
    package func values(
        of graph: Graph, inputs: [String: Value], outer: [String: Value] = [:]
    ) throws -> [String: Value] {
        var known = outer
        for (name, tensor) in graph.initializers { known[name] = .tensor(tensor) }
        for (name, sparse) in graph.sparseInitializers { known[name] = .tensor(try dense(sparse)) }
        known.merge(inputs) { $1 }
        for node in graph.nodes {
            let outputs = try locating("node '\(node.label)' (\(node.qualifiedType))") { try run(node, known) }
            for (name, value) in zip(node.outputs, outputs) where !name.isEmpty { known[name] = value }
        }
        return known
    }

    /// The outputs of `graph`, in order.
    package func run(_ graph: Graph, inputs: [String: Value], outer: [String: Value] = [:]) throws -> [Value] {
        let values = try values(of: graph, inputs: inputs, outer: outer)
        return try graph.outputs.map { output in
            guard let value = values[output.name] else {
                throw QTuneError(.invalidModel, "nothing makes the output '\(output.name)'")
            }
            return value
        }
    }

    private func run(_ node: Node, _ known: [String: Value]) throws -> [Value] {
        let inputs = try node.inputs.map { name -> Value? in
            guard !name.isEmpty else { return nil }
            guard let value = known[name] else {
                throw QTuneError(.invalidInput, "the operand '\(name)' has no value")
            }
            return value
        }
        let context = EvaluationContext(
            inputs: inputs, outputCount: node.outputs.count, pool: pool,
            runSubgraph: { graph, operands in
                guard operands.count <= graph.inputs.count else {
                    throw QTuneError(
                        .invalidModel, "a sub-graph of \(graph.inputs.count) inputs gets \(operands.count)")
                }
                let named = Dictionary(zip(graph.inputs.map(\.name), operands)) { first, _ in first }
                return try run(graph, inputs: named, outer: known)
            })
        return try registry.make(node, opsets: opsets).evaluate(context)
    }
}
