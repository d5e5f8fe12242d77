internal import QTuneGraph
internal import QTuneTensor

/// A graph as quantization sees it: each node's role, and which nodes belong together.
struct GraphStructure: Sendable {
    struct Group: Sendable, Equatable {
        var name: String
        /// Positions of nodes, the main one first.
        var nodes: [Int]
    }

    let nodes: [Node]
    let roles: [NodeRole]
    let groups: [Group]
    /// For each node the position of its group; nil for nodes without a precision of their own.
    let groupOfNode: [Int?]
    let context: RuleContext
    let producer: [String: Int]
    let consumers: [String: [Int]]
    let outputs: Set<String>

    init(_ model: Model) {
        let context = RuleContext(model)
        let nodes = model.graph.nodes
        var producer: [String: Int] = [:]
        var consumers: [String: [Int]] = [:]
        for (index, node) in nodes.enumerated() {
            for output in node.outputs where !output.isEmpty { producer[output] = index }
            for operand in Set(node.dependencies) { consumers[operand, default: []].append(index) }
        }
        self.context = context
        self.nodes = nodes
        self.producer = producer
        self.consumers = consumers
        outputs = Set(model.graph.outputs.map(\.name))
        roles = IntegerFlow.confine(
            nodes.map { OperatorRules.role(of: $0, in: context) }, of: nodes, consumers: consumers, outputs: outputs)
        let found = GroupFinder(
            nodes: nodes, roles: roles, producer: producer, consumers: consumers, outputs: outputs)
        groups = found.groups
        groupOfNode = found.groupOfNode
    }

    /// The one node that uses `value`, if there is exactly one and the graph does not give the value out.
    func soleConsumer(of value: String) -> Int? {
        guard !outputs.contains(value), let users = consumers[value], users.count == 1 else { return nil }
        return users.first
    }
}

/// Gathers nodes into groups.
private struct GroupFinder {
    let nodes: [Node]
    let roles: [NodeRole]
    let producer: [String: Int]
    let consumers: [String: [Int]]
    let outputs: Set<String>
    private(set) var groups: [GraphStructure.Group] = []
    private(set) var groupOfNode: [Int?]
    private var usedNames: Set<String> = []

    init(
        nodes: [Node], roles: [NodeRole], producer: [String: Int], consumers: [String: [Int]], outputs: Set<String>
    ) {
        self.nodes = nodes
        self.roles = roles
        self.producer = producer
        self.consumers = consumers
        self.outputs = outputs
        groupOfNode = [Int?](repeating: nil, count: nodes.count)
        for index in nodes.indices where groupOfNode[index] == nil { start(at: index) }
    }

    private mutating func start(at index: Int) {
        switch roles[index] {
        case .float, .passThrough, .clamp: return
        case .weighted, .arithmetic, .sharing, .lookup: break
        }
        var members = [index]
        var last = index
        while let next = continuation(of: last) {
            members += next
            last = next[next.count - 1]
        }
        var name = nodes[index].label
        while !usedNames.insert(name).inserted { name += "'" }
        for member in members { groupOfNode[member] = groups.count }
        groups.append(GraphStructure.Group(name: name, nodes: members))
    }

    /// The nodes that finish what node `index` began: a clamp, an activation function, the two parts of a swish.
    private func continuation(of index: Int) -> [Int]? {
        if case .lookup = roles[index] { return nil }
        guard let value = nodes[index].outputs.first, !outputs.contains(value), let users = consumers[value] else {
            return nil
        }
        if users.count == 1, let user = users.first, groupOfNode[user] == nil {
            if case .clamp = roles[user] { return [user] }
            if ["LeakyRelu", "Sigmoid"].contains(where: { isArithmetic(user, $0) }) { return [user] }
        }
        guard users.count == 2 else { return nil }
        let gates = users.filter { isArithmetic($0, "Sigmoid") && groupOfNode[$0] == nil }
        let products = users.filter { isArithmetic($0, "Mul") && groupOfNode[$0] == nil }
        guard let gate = gates.first, let product = products.first, let gated = nodes[gate].outputs.first,
            !outputs.contains(gated), consumers[gated] == [product], nodes[product].inputs.contains(gated)
        else { return nil }
        return [gate, product]
    }

    /// Whether node `index` is the operator `type` and computes with integers where its group does.
    private func isArithmetic(_ index: Int, _ type: String) -> Bool {
        guard case .arithmetic = roles[index] else { return false }
        return nodes[index].opType == type
    }
}
