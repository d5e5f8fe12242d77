internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Puts the bodies of functions that a model defines itself in the place of the nodes that call them.
enum FunctionExpansion {
    /// How deep functions may call one another.
    private static let deepestCall = 64
    /// Nodes that calls may become: those of functions that call others twice double with each level.
    private static let mostNodes = 250_000

    /// The model without functions. Names of values outside the functions stay as they are.
    static func expand(_ model: Model) throws -> Model {
        guard !model.functions.isEmpty else { return model }
        var expander = Expander(model)
        var expanded = model
        expanded.graph = try expander.expand(model.graph, depth: 0)
        expanded.opsets = expander.opsets
        expanded.functions = []
        return expanded
    }

    private struct Expander {
        let functions: [String: Function]
        var opsets: [String: Int]
        var usedNames: Set<String>
        /// Nodes of function bodies so far.
        private var expandedNodes = 0

        init(_ model: Model) {
            functions = Dictionary(
                model.functions.map { (Self.key($0.domain, $0.name, $0.overload), $0) }, uniquingKeysWith: { $1 })
            opsets = model.opsets
            usedNames = model.graph.allNames
        }

        static func key(_ domain: String, _ name: String, _ overload: String) -> String {
            "\(domain):\(name):\(overload)"
        }

        mutating func expand(_ graph: Graph, depth: Int) throws -> Graph {
            let nodes = try expand(graph.nodes, depth: depth)
            var editor = GraphEditor(graph)
            for id in editor.nodeIDs { editor.remove(id) }
            for node in nodes { editor.insert(node) }
            return try editor.finish(removingUnused: false, outerScope: Set(graph.capturedValues))
        }

        private mutating func expand(_ nodes: [Node], depth: Int) throws -> [Node] {
            guard depth <= FunctionExpansion.deepestCall else {
                throw QTuneError(.invalidModel, "functions call one another without end")
            }
            if depth > 0 { expandedNodes += nodes.count }
            guard expandedNodes <= FunctionExpansion.mostNodes else {
                throw QTuneError(
                    .unsupported, "calls of functions become more than \(FunctionExpansion.mostNodes) nodes")
            }
            var result: [Node] = []
            for original in nodes {
                let node = try original.mapSubgraphs { try expand($0, depth: depth) }
                guard let function = functions[Self.key(node.domain, node.opType, node.overload)] else {
                    result.append(node)
                    continue
                }
                let body = try locating("node '\(node.label)' (\(node.qualifiedType))") {
                    try checkVersions(of: function)
                    return try Instance(function, of: node, &usedNames).nodes
                }
                result += try expand(body, depth: depth + 1)
            }
            return result
        }

        /// A function may name operator sets that the model does not. Where it names another version than the model,
        /// its operators must mean the same in both.
        private mutating func checkVersions(of function: Function) throws {
            for (domain, version) in function.opsets {
                guard let known = opsets[domain] else {
                    opsets[domain] = version
                    continue
                }
                guard known != version else { continue }
                for name in function.nodes.flatMap({ $0.operatorNames(in: domain) }) {
                    guard let type = OperatorRegistry.standard.find(domain, name) else { continue }
                    guard type.versions.last(where: { $0 <= version }) != type.versions.last(where: { $0 <= known })
                    else { continue }
                    throw QTuneError(
                        .unsupported,
                        "function '\(function.name)' is written for version \(version) of operator set "
                            + "'\(domain.isEmpty ? "ai.onnx" : domain)', the model for \(known), and \(name) "
                            + "differs between them",
                        remedy: "convert the model so that both name the same version")
                }
            }
        }
    }

    /// A function's body as one node calls it.
    private struct Instance {
        let nodes: [Node]

        init(_ function: Function, of call: Node, _ usedNames: inout Set<String>) throws {
            guard call.inputs.count <= function.inputs.count, call.outputs.count <= function.outputs.count else {
                throw QTuneError(.invalidModel, "the call has more operands or results than the function")
            }
            var names: [String: String] = [:]
            for (index, name) in function.inputs.enumerated() {
                names[name] = index < call.inputs.count ? call.inputs[index] : ""
            }
            var results: [String: String] = [:]
            for (name, actual) in zip(function.outputs, call.outputs) where !actual.isEmpty { results[name] = actual }
            let attributes = try Self.attributes(function, call)
            let prefix = call.name.isEmpty ? call.outputs.first ?? function.name : call.name
            var body: [Node] = []
            for inner in function.nodes {
                var node = try inner.resolvingReferences(attributes).renamingOperands(names)
                node.outputs = inner.outputs.map { output in
                    guard !output.isEmpty else { return "" }
                    let fresh = results[output] ?? Self.fresh("\(prefix)/\(output)", &usedNames)
                    names[output] = fresh
                    return fresh
                }
                node.name = Self.fresh("\(prefix)/\(inner.label)", &usedNames)
                body.append(node)
            }
            // A function may hand an operand on as its result.
            let made = Set(body.flatMap(\.outputs))
            for (name, actual) in results where !made.contains(actual) {
                body.append(Node("Identity", inputs: [names[name] ?? ""], outputs: [actual]))
            }
            nodes = body
        }

        private static func attributes(_ function: Function, _ call: Node) throws -> [String: Attribute] {
            var attributes = function.attributeDefaults
            for (name, value) in call.attributes { attributes[name] = value }
            return attributes
        }

        private static func fresh(_ base: String, _ usedNames: inout Set<String>) -> String {
            var name = base
            var counter = 1
            while !usedNames.insert(name).inserted {
                name = "\(base)_\(counter)"
                counter += 1
            }
            return name
        }
    }
}

extension Graph {
    /// Every name in the graph and in its sub-graphs.
    fileprivate var allNames: Set<String> {
        var names = Set(inputs.map(\.name)).union(initializers.keys).union(outputs.map(\.name))
        for node in nodes {
            names.formUnion(node.outputs)
            names.insert(node.name)
            for graph in node.subgraphs { names.formUnion(graph.allNames) }
        }
        return names
    }

    /// The graph with captured values renamed. Values of its own that would hide a new name give way to it.
    fileprivate func renamingCaptures(_ names: [String: String]) throws -> Graph {
        let captured = Set(capturedValues)
        var changes = names.filter { captured.contains($0.key) }
        guard !changes.isEmpty else { return self }
        let taken = Set(changes.values)
        let own = allNames
        for name in own.subtracting(captured).sorted() where taken.contains(name) {
            var fresh = "\(name)_inner"
            while taken.contains(fresh) || own.contains(fresh) || captured.contains(fresh) { fresh += "_" }
            changes[name] = fresh
        }
        var renamed = self
        for index in inputs.indices { renamed.inputs[index].name = changes[inputs[index].name] ?? inputs[index].name }
        for index in outputs.indices {
            renamed.outputs[index].name = changes[outputs[index].name] ?? outputs[index].name
        }
        for name in initializers.keys {
            if let change = changes[name] {
                renamed.initializers[change] = renamed.initializers.removeValue(forKey: name)
            }
        }
        renamed.nodes = try nodes.map { node in
            var node = try node.renamingOperands(changes)
            node.outputs = node.outputs.map { changes[$0] ?? $0 }
            return node
        }
        return renamed
    }

    /// The graph with nodes changed by `change`, which keeps what each of them makes.
    fileprivate func mapNodes(_ change: (Node) throws -> Node) throws -> Graph {
        var editor = GraphEditor(self)
        for id in editor.nodeIDs {
            if let node = editor[id] { editor.replace(id, with: try change(node)) }
        }
        var outer = Set(capturedValues)
        for id in editor.nodeIDs { outer.formUnion(editor[id]?.dependencies ?? []) }
        return try editor.finish(removingUnused: false, outerScope: outer)
    }
}

extension Node {
    /// The names of the operators of a domain that the node and its sub-graphs use.
    fileprivate func operatorNames(in domain: String) -> [String] {
        (self.domain == domain ? [opType] : [])
            + subgraphs.flatMap { $0.nodes.flatMap { $0.operatorNames(in: domain) } }
    }

    /// The node with each sub-graph changed by `change`.
    fileprivate func mapSubgraphs(_ change: (Graph) throws -> Graph) throws -> Node {
        var node = self
        for (name, attribute) in attributes {
            switch attribute {
            case .graph(let graph): node.attributes[name] = .graph(try change(graph))
            case .graphs(let graphs): node.attributes[name] = .graphs(try graphs.map(change))
            default: break
            }
        }
        return node
    }

    /// The node with the caller's attributes in place of references to them; what the caller leaves out is left out.
    fileprivate func resolvingReferences(_ values: [String: Attribute]) throws -> Node {
        var node = try mapSubgraphs { try $0.mapNodes { try $0.resolvingReferences(values) } }
        for (name, attribute) in attributes {
            if case .reference(let target, _) = attribute { node.attributes[name] = values[target] }
        }
        return node
    }

    /// The node with operands renamed, those that its sub-graphs capture too.
    fileprivate func renamingOperands(_ names: [String: String]) throws -> Node {
        var node = try mapSubgraphs { try $0.renamingCaptures(names) }
        node.inputs = inputs.map { names[$0] ?? $0 }
        return node
    }
}
