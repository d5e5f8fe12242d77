internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// A graph made ready to run: operators made and packed, names turned into slots of a table of values.
final class Program: Sendable {
    /// Where an operand comes from.
    enum Operand: Sendable {
        case omitted
        case constant(Value)
        case slot(Int)
    }

    /// One node. A class, so that a run counts one reference for it and not one for each of its parts.
    final class Step: Sendable {
        let label: String
        let operatorType: String
        let `operator`: any Operator
        let operands: [Operand]
        /// The slot of each result; nil for one that nobody asks for.
        let results: [Int?]
        /// How many results the operator must give at least.
        let neededResults: Int
        let bodies: [Body]

        init(
            label: String, operatorType: String, operator: any Operator, operands: [Operand], results: [Int?],
            bodies: [Body]
        ) {
            (self.label, self.operatorType, self.operator) = (label, operatorType, `operator`)
            (self.operands, self.results, self.bodies) = (operands, results, bodies)
            neededResults = (results.lastIndex { $0 != nil } ?? -1) + 1
        }
    }

    /// A sub-graph in an attribute of a node.
    struct Body: Sendable {
        let graph: Graph
        let program: Program
        /// What it takes from the enclosing graph, in the order of `program.captures`.
        let captures: [Operand]
    }

    let slotCount: Int
    /// The names and slots of the graph's inputs, with the default value of those that have one.
    let inputs: [(name: String, slot: Int, defaultValue: Value?)]
    /// Slots of values that come from an enclosing graph.
    let captures: [(name: String, slot: Int)]
    let steps: [Step]
    let outputs: [Operand]
    /// All steps, as a run takes them that has no plan.
    let schedule: Schedule
    /// Bytes of all constants, shared storage counted once.
    let constantBytes: Int

    /// - Parameters:
    ///   - outerConstants: constants of the enclosing graphs, by name.
    ///   - pool: packs the constants of several nodes at the same time.
    init(
        _ graph: Graph, opsets: [String: Int], registry: OperatorRegistry, outerConstants: [String: Tensor] = [:],
        pool: ThreadPool? = nil
    ) throws {
        guard graph.sparseInitializers.isEmpty else {
            throw QTuneError(.unsupported, "sparse initializers are not supported", place: ["graph '\(graph.name)'"])
        }
        var names = SlotTable(graph, outerConstants: outerConstants)
        inputs = graph.inputs.map {
            ($0.name, names.define($0.name), graph.initializers[$0.name].map(Value.tensor))
        }
        captures = graph.capturedValues.filter { outerConstants[$0] == nil }.map { ($0, names.define($0)) }
        var drafts: [StepDraft] = []
        for node in graph.nodes {
            drafts.append(try Self.makeDraft(node, &names, opsets: opsets, registry: registry))
        }
        try StepDraft.prepack(&drafts, pool: pool)
        outputs = try graph.outputs.map { try names.operand($0.name) }
        slotCount = names.count
        steps = drafts.map(\.step)
        schedule = Schedule(all: steps, outputs: outputs, slotCount: slotCount)
        constantBytes = Self.byteCount(of: graph)
    }

    private static func makeDraft(
        _ node: Node, _ names: inout SlotTable, opsets: [String: Int], registry: OperatorRegistry
    ) throws -> StepDraft {
        let made = try registry.make(node, opsets: opsets)
        return try locating("node '\(node.label)' (\(node.qualifiedType))") {
            let operands = try node.inputs.map { try names.operand($0) }
            let bodies = try node.subgraphs.map { graph in
                let program = try Program(
                    graph, opsets: opsets, registry: registry, outerConstants: names.constants)
                return Body(
                    graph: graph, program: program, captures: try program.captures.map { try names.operand($0.name) })
            }
            return StepDraft(
                label: node.label, operatorType: node.qualifiedType, operator: made, operands: operands,
                results: node.outputs.map { $0.isEmpty ? nil : names.define($0) }, bodies: bodies)
        }
    }

    private static func byteCount(of graph: Graph) -> Int {
        var seen: Set<ObjectIdentifier> = []
        return graph.initializers.values.reduce(0) { sum, tensor in
            guard let storage = tensor.storage else { return sum + tensor.byteCount }
            return seen.insert(ObjectIdentifier(storage)).inserted ? sum + storage.byteCount : sum
        }
    }
}

/// Names of one graph, as slots or constants.
private struct SlotTable {
    /// Constants of this graph and of those around it that no inner name hides.
    private(set) var constants: [String: Tensor]
    private var slots: [String: Int] = [:]
    private(set) var count = 0

    init(_ graph: Graph, outerConstants: [String: Tensor]) {
        constants = outerConstants.merging(graph.initializers) { _, inner in inner }
    }

    /// Gives `name` a slot. It hides a constant of the same name.
    mutating func define(_ name: String) -> Int {
        constants[name] = nil
        slots[name] = count
        count += 1
        return count - 1
    }

    func operand(_ name: String) throws -> Program.Operand {
        if name.isEmpty { return .omitted }
        if let slot = slots[name] { return .slot(slot) }
        if let tensor = constants[name] { return .constant(.tensor(tensor)) }
        throw QTuneError(.invalidModel, "the value '\(name)' is neither given nor made before it is used")
    }
}
