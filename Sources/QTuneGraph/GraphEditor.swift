public import QTuneTensor

/// The one way to change a graph: keeps names unique, knows who makes and who uses each value, and hands back a graph
/// in topological order.
///
/// Nodes are referred to by an identity that stays the same while the editor lives.
public struct GraphEditor {
    /// Stands for a node while its editor lives.
    public struct NodeID: Hashable, Sendable, Comparable {
        let index: Int
        public static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }
    }

    /// Everything but the nodes. Inputs, outputs and initializers may be changed here directly.
    public var graph: Graph { didSet { isChanged = true } }
    /// Whether anything was changed since the editor was made.
    public private(set) var isChanged = false

    private var nodes: [Node?]
    private var producers: [String: NodeID] = [:]
    private var users: [String: Set<NodeID>] = [:]
    private var usedNames: Set<String>

    public init(_ graph: Graph) {
        self.graph = graph
        nodes = graph.nodes
        usedNames = graph.declaredNames
        for (index, node) in graph.nodes.enumerated() { register(node, as: NodeID(index: index)) }
    }

    /// The nodes that are left, in the order in which they were given or added.
    public var nodeIDs: [NodeID] { nodes.indices.filter { nodes[$0] != nil }.map(NodeID.init) }

    /// A node; nil once it has been removed.
    public subscript(id: NodeID) -> Node? { nodes[id.index] }

    /// The node that makes `value`; nil for inputs, initializers and unknown names.
    public func producer(of value: String) -> NodeID? { producers[value] }

    /// The nodes that use `value`, sub-graphs that capture it included, in ascending order.
    public func consumers(of value: String) -> [NodeID] { users[value, default: []].sorted() }

    /// Whether `value` is an output of the graph.
    public func isOutput(_ value: String) -> Bool { graph.outputs.contains { $0.name == value } }

    /// The one node that uses `value`, if there is exactly one and the graph does not give the value out.
    public func soleConsumer(of value: String) -> NodeID? {
        guard let all = users[value], all.count == 1, !isOutput(value) else { return nil }
        return all.first
    }

    /// The constant called `value`; nil when it is not an initializer or when a caller may override it.
    public func constant(_ value: String) -> Tensor? {
        guard let tensor = graph.initializers[value], !graph.inputs.contains(where: { $0.name == value }) else {
            return nil
        }
        return tensor
    }

    /// A name that nothing in the graph has: `base`, or `base` with a number.
    public mutating func freshName(_ base: String) -> String {
        var name = base
        var counter = 1
        while name.isEmpty || !usedNames.insert(name).inserted {
            name = "\(base)_\(counter)"
            counter += 1
        }
        return name
    }

    /// Adds a constant under a fresh name that starts with `base`, and gives that name.
    public mutating func addInitializer(_ tensor: Tensor, named base: String) -> String {
        let name = freshName(base)
        graph.initializers[name] = tensor
        return name
    }

    /// Adds a node; its place in the order follows from its operands.
    @discardableResult
    public mutating func insert(_ node: Node) -> NodeID {
        isChanged = true
        let id = NodeID(index: nodes.count)
        nodes.append(node)
        register(node, as: id)
        return id
    }

    /// Puts `node` where another one was.
    public mutating func replace(_ id: NodeID, with node: Node) {
        isChanged = true
        unregister(id)
        nodes[id.index] = node
        register(node, as: id)
    }

    /// Takes a node away. Its outputs must not be needed any more when editing ends.
    public mutating func remove(_ id: NodeID) {
        isChanged = true
        unregister(id)
        nodes[id.index] = nil
    }

    /// Lets every node that uses `old` use `new` instead, those for which `including` says so. Sub-graphs that capture
    /// `old` are changed too. Outputs of the graph keep their names: see `renameOutput`.
    public mutating func replaceUses(
        of old: String, with new: String, where including: (NodeID) -> Bool = { _ in true }
    ) {
        for id in consumers(of: old) where including(id) {
            guard let node = nodes[id.index] else { continue }
            replace(id, with: node.replacingUses(of: old, with: new))
        }
    }

    /// Makes the graph's output `value` come from `source`, which a node makes: the producer of `source` is changed to
    /// make `value` itself, and the other users of `source` use `value`.
    /// - Precondition: no node makes `value` any more.
    public mutating func provideOutput(_ value: String, from source: String) {
        guard let id = producers[source], var node = nodes[id.index] else { return }
        node.outputs = node.outputs.map { $0 == source ? value : $0 }
        replace(id, with: node)
        replaceUses(of: source, with: value)
    }

    /// The edited graph: nodes that nothing needs are gone, as are unused initializers; the rest is in order.
    public func finish(removingUnused: Bool = true, outerScope: Set<String> = []) throws -> Graph {
        var result = graph
        let kept = removingUnused ? neededNodes() : nodes.compactMap { $0 }
        let given = Set(graph.inputs.map(\.name)).union(graph.initializers.keys).union(graph.sparseInitializers.keys)
        let made = given.union(kept.flatMap(\.outputs)).union(outerScope)
        if let missing = graph.outputs.first(where: { !made.contains($0.name) }) {
            throw QTuneError(.invalidModel, "output '\(missing.name)' is made by no node")
        }
        result.nodes = try Graph.topologicallySorted(kept, given: given, outerScope: outerScope)
        if removingUnused {
            let used = Set(kept.flatMap(\.dependencies)).union(graph.outputs.map(\.name))
            result.initializers = graph.initializers.filter { used.contains($0.key) }
            result.initializerNotes = graph.initializerNotes.filter { used.contains($0.key) }
            result.sparseInitializers = graph.sparseInitializers.filter { used.contains($0.key) }
            let made = Set(kept.flatMap(\.outputs)).union(used)
            result.valueInfo = graph.valueInfo.filter { made.contains($0.key) }
        }
        return result
    }
}

extension GraphEditor {
    private mutating func register(_ node: Node, as id: NodeID) {
        for output in node.outputs where !output.isEmpty {
            producers[output] = id
            usedNames.insert(output)
        }
        if !node.name.isEmpty { usedNames.insert(node.name) }
        for graph in node.subgraphs { usedNames.formUnion(graph.allNames) }
        for name in node.dependencies { users[name, default: []].insert(id) }
    }

    private mutating func unregister(_ id: NodeID) {
        guard let node = nodes[id.index] else { return }
        for output in node.outputs where producers[output] == id { producers[output] = nil }
        for name in node.dependencies { users[name]?.remove(id) }
    }

    private func neededNodes() -> [Node] {
        var needed = [Bool](repeating: false, count: nodes.count)
        var pending = graph.outputs.compactMap { producers[$0.name]?.index }
        while let index = pending.popLast() {
            guard !needed[index], let node = nodes[index] else { continue }
            needed[index] = true
            pending += node.dependencies.compactMap { producers[$0]?.index }
        }
        return nodes.indices.compactMap { needed[$0] ? nodes[$0] : nil }
    }
}

extension Node {
    /// The node with `new` in place of the operand `old`, in sub-graphs that capture it too.
    func replacingUses(of old: String, with new: String) -> Node {
        var node = self
        node.inputs = inputs.map { $0 == old ? new : $0 }
        for (name, attribute) in attributes {
            switch attribute {
            case .graph(let graph): node.attributes[name] = .graph(graph.replacingCaptures(of: old, with: new))
            case .graphs(let graphs):
                node.attributes[name] = .graphs(graphs.map { $0.replacingCaptures(of: old, with: new) })
            default: break
            }
        }
        return node
    }
}

extension Graph {
    /// The names of inputs, outputs and constants.
    fileprivate var declaredNames: Set<String> {
        Set(inputs.map(\.name)).union(outputs.map(\.name)).union(initializers.keys).union(sparseInitializers.keys)
    }

    /// Every name inside, which a value of an enclosing graph must not have: it would be hidden.
    fileprivate var allNames: Set<String> {
        nodes.reduce(into: declaredNames) { names, node in
            names.formUnion(node.outputs)
            for graph in node.subgraphs { names.formUnion(graph.allNames) }
        }
    }

    fileprivate func replacingCaptures(of old: String, with new: String) -> Graph {
        guard capturedValues.contains(old) else { return self }
        var graph = self
        graph.nodes = nodes.map { $0.replacingUses(of: old, with: new) }
        graph.outputs = outputs.map { output in
            var output = output
            if output.name == old { output.name = new }
            return output
        }
        return graph
    }
}
