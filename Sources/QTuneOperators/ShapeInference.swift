package import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Infers what is known of every value of a graph before it runs: types, lengths (by name where they are symbolic) and
/// the values that are constant.
///
/// What is inferred holds in every run: an operator that is not known, or that cannot say, gives values of which
/// nothing is known.
package enum ShapeInference {
    /// What is known of every value of the main graph, by name.
    /// - Parameter inputs: what is known of graph inputs besides their declared types; replaces those.
    /// - Throws: where the model breaks the standard in a way that no input could mend.
    package static func infer(
        _ model: Model, registry: OperatorRegistry = .standard, inputs: [String: InferredValue] = [:]
    ) throws -> [String: InferredValue] {
        try infer(model.graph, opsets: model.opsets, registry: registry, inputs: inputs)
    }

    /// What is known of every value of `graph`, by name.
    /// - Parameter outer: the values that an enclosing graph offers.
    package static func infer(
        _ graph: Graph, opsets: [String: Int], registry: OperatorRegistry = .standard,
        inputs: [String: InferredValue] = [:], outer: [String: InferredValue] = [:]
    ) throws -> [String: InferredValue] {
        var walk = InferenceWalk(opsets: opsets, registry: registry, known: outer)
        walk.declare(graph, inputs: inputs)
        for node in graph.nodes { try walk.visit(node) }
        return walk.made
    }

    /// The same for a graph that was rewritten since it was last looked at: what `memory` knows of nodes that are as
    /// they were, with operands as they were, is not inferred again.
    package static func infer(
        _ graph: Graph, opsets: [String: Int], registry: OperatorRegistry, memory: inout InferenceMemory
    ) throws -> [String: InferredValue] {
        var walk = InferenceWalk(opsets: opsets, registry: registry, known: [:], memory: memory)
        memory = InferenceMemory()
        walk.declare(graph, inputs: [:])
        for node in graph.nodes { try walk.visit(node) }
        memory = InferenceMemory(values: walk.made, nodes: graph.nodes)
        return walk.made
    }
}

/// What was inferred of a graph, kept for the next time.
package struct InferenceMemory {
    fileprivate let values: [String: InferredValue]
    /// The nodes by their first results.
    private let nodes: [String: Node]

    /// Nothing.
    package init() { (values, nodes) = ([:], [:]) }

    fileprivate init(values: [String: InferredValue], nodes: [Node]) {
        self.values = values
        self.nodes = Dictionary(nodes.compactMap { node in node.outputs.first.map { ($0, node) } }) { first, _ in first
        }
    }

    /// The results of `node`, if it is as it was; nil for one with sub-graphs, which see more than their operands.
    fileprivate func results(of node: Node) -> [InferredValue]? {
        guard let first = node.outputs.first, nodes[first] == node, node.subgraphs.isEmpty else { return nil }
        return node.outputs.map { values[$0] ?? .unknown }
    }
}

/// The state of inference half-way through a graph.
private struct InferenceWalk {
    let opsets: [String: Int]
    let registry: OperatorRegistry
    /// Every value in sight.
    private(set) var known: [String: InferredValue]
    /// The values of this graph.
    private(set) var made: [String: InferredValue] = [:]
    private let memory: InferenceMemory
    /// Values that are not as `memory` has them.
    private var changed: Set<String> = []

    init(
        opsets: [String: Int], registry: OperatorRegistry, known: [String: InferredValue],
        memory: InferenceMemory = InferenceMemory()
    ) {
        self.opsets = opsets
        self.registry = registry
        self.known = known
        self.memory = memory
    }

    mutating func declare(_ graph: Graph, inputs: [String: InferredValue]) {
        for (name, tensor) in graph.initializers {
            let value = memory.values[name].flatMap { $0.constant.map(tensor.isSame) == true ? $0 : nil }
            set(name, value ?? InferredValue(constant: tensor))
        }
        for (name, sparse) in graph.sparseInitializers {
            set(name, .tensor(sparse.values.dtype, sparse.dimensions.map(Dimension.fixed)))
        }
        // An input may override an initializer of its name, so that is no constant.
        for input in graph.inputs { set(input.name, inputs[input.name] ?? InferredValue(type: input.type)) }
    }

    mutating func visit(_ node: Node) throws {
        let outputs =
            try remembered(node)
            ?? locating("node '\(node.label)' (\(node.qualifiedType))") { try infer(node) }
        for (index, name) in node.outputs.enumerated() where !name.isEmpty {
            set(name, index < outputs.count ? outputs[index] : .unknown)
        }
    }

    /// The results of a node, where neither it nor an operand has changed.
    private func remembered(_ node: Node) -> [InferredValue]? {
        node.inputs.contains { changed.contains($0) } ? nil : memory.results(of: node)
    }

    private mutating func set(_ name: String, _ value: InferredValue) {
        if memory.values[name]?.isSame(value) != true { changed.insert(name) }
        known[name] = value
        made[name] = value
    }

    private func infer(_ node: Node) throws -> [InferredValue] {
        let `operator`: any Operator
        do {
            `operator` = try registry.make(node, opsets: opsets)
        } catch let error as QTuneError where error.code == .unsupported {
            return []
        }
        let context = InferenceContext(
            inputs: node.inputs.map { $0.isEmpty ? nil : known[$0] ?? .unknown }, outputCount: node.outputs.count,
            inferSubgraph: inferSubgraph)
        let inferred = try `operator`.inferOutputs(context)
        guard node.subgraphs.isEmpty, let computed = constants(`operator`, context, inferred) else { return inferred }
        return computed
    }

    private func inferSubgraph(_ graph: Graph, _ operands: [InferredValue]) throws -> [InferredValue] {
        let inputs = Dictionary(zip(graph.inputs.map(\.name), operands)) { first, _ in first }
        let values = try ShapeInference.infer(graph, opsets: opsets, registry: registry, inputs: inputs, outer: known)
        return graph.outputs.map { values[$0.name] ?? known[$0.name] ?? .unknown }
    }

    /// The results of an operator whose operands are constant, where all of them are small.
    private func constants(
        _ `operator`: any Operator, _ context: InferenceContext, _ inferred: [InferredValue]
    ) -> [InferredValue]? {
        let isSmall = { (value: InferredValue) in
            (value.type?.shape?.elementCount).map { $0 <= Self.mostConstantElements } ?? false
        }
        let operands = context.inputs.compactMap { $0 }
        guard `operator`.isDeterministic, inferred.allSatisfy(isSmall), operands.allSatisfy(isSmall),
            operands.allSatisfy({ $0.constant != nil })
        else { return nil }
        let evaluation = EvaluationContext(
            inputs: context.inputs.map { $0?.constant.map(Value.tensor) }, outputCount: context.outputCount,
            pool: ThreadPool(threads: 1))
        // What fails to evaluate here fails in a run too, where the node may never be reached.
        guard let values = try? `operator`.evaluate(evaluation) else { return nil }
        let tensors = values.compactMap(\.tensor)
        return tensors.count == values.count ? tensors.map { InferredValue(constant: $0) } : nil
    }

    /// Elements of a tensor that inference computes at most: it is after shapes, not weights.
    private static let mostConstantElements = 1024
}

extension InferredValue {
    /// Whether as much is known as of `other`; constants are the same where they are one in memory.
    fileprivate func isSame(_ other: InferredValue) -> Bool {
        guard type == other.type, elements == other.elements else { return false }
        guard let constant, let theirs = other.constant else { return constant == nil && other.constant == nil }
        return constant.isSame(theirs)
    }
}

extension Tensor {
    fileprivate func isSame(_ other: Tensor) -> Bool {
        storage != nil && storage === other.storage && dtype == other.dtype && shape == other.shape
    }
}
