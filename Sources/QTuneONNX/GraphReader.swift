internal import COnnxProto
internal import QTuneGraph
internal import QTuneTensor

/// The names that a graph provides, and the graphs around it.
final class Scope {
    private let names: Set<String>
    private let outer: Scope?

    init(_ names: Set<String>, outer: Scope?) {
        self.names = names
        self.outer = outer
    }

    func contains(_ name: String) -> Bool {
        var scope: Scope? = self
        while let current = scope {
            if current.names.contains(name) { return true }
            scope = current.outer
        }
        return false
    }
}

/// Makes graphs of messages, and checks that they are sound: every operand comes from somewhere, every value is made
/// once, no nodes wait for one another in a circle.
struct GraphReader {
    let tensors: TensorReader
    /// Versions of the operator sets by domain.
    let opsets: [String: Int]

    /// - Parameter outer: the names that a sub-graph may take from the graphs around it; nil for a model's own graph.
    func graph(_ proto: UnsafeMutablePointer<Onnx__GraphProto>, outer: Scope?) throws -> Graph {
        let message = proto.pointee
        return try locating("graph '\(text(message.name))'") {
            var graph = Graph(name: text(message.name))
            graph.documentation = text(message.doc_string)
            graph.metadata = dictionary(message.n_metadata_props, message.metadata_props)
            graph.uninterpreted = UninterpretedFields(unknownIn: message.base)
            graph.inputs = try declarations(messages(message.n_input, message.input), as: "input")
            graph.outputs = try declarations(messages(message.n_output, message.output), as: "output")
            for proto in messages(message.n_value_info, message.value_info) {
                let info = try TypeReader.valueInfo(proto)
                graph.valueInfo[info.name] = info
            }
            for annotation in messages(message.n_quantization_annotation, message.quantization_annotation) {
                graph.quantizationAnnotations[text(annotation.pointee.tensor_name)] = dictionary(
                    annotation.pointee.n_quant_parameter_tensor_names, annotation.pointee.quant_parameter_tensor_names)
            }
            try readInitializers(message, into: &graph)
            graph.nodes = try readNodes(message, of: graph, outer: outer)
            return graph
        }
    }

    /// Nodes in topological order that take their operands from `given`, from one another and from `outer`.
    func nodes(
        _ protos: [UnsafeMutablePointer<Onnx__NodeProto>], given: Set<String>, outer: Scope?
    ) throws -> [Node] {
        let made = protos.flatMap { texts($0.pointee.n_output, $0.pointee.output) }
        let scope = Scope(given.union(made), outer: outer)
        let nodes = try protos.map { try node($0, scope: scope) }
        return try Graph.topologicallySorted(nodes, given: given) { outer?.contains($0) ?? false }
    }

    private func readNodes(_ message: Onnx__GraphProto, of graph: Graph, outer: Scope?) throws -> [Node] {
        let given = Set(graph.inputs.map(\.name)).union(graph.initializers.keys).union(graph.sparseInitializers.keys)
        let nodes = try nodes(messages(message.n_node, message.node), given: given, outer: outer)
        let made = Set(nodes.flatMap(\.outputs))
        for output in graph.outputs
        where !given.contains(output.name) && !made.contains(output.name) && outer?.contains(output.name) != true {
            throw QTuneError(.invalidModel, "output '\(output.name)' is made by no node")
        }
        return nodes
    }

    private func node(_ proto: UnsafeMutablePointer<Onnx__NodeProto>, scope: Scope) throws -> Node {
        let message = proto.pointee
        var node = Node(
            text(message.op_type), domain: text(message.domain), name: text(message.name),
            inputs: texts(message.n_input, message.input), outputs: texts(message.n_output, message.output))
        return try locating("node '\(node.label)' (\(node.qualifiedType))") {
            guard !node.opType.isEmpty else { throw QTuneError(.invalidModel, "the node has no operator") }
            guard opsets[node.domain] != nil else {
                throw QTuneError(
                    .invalidModel, "the model does not say which version of the operator set '\(node.domain)' it uses",
                    remedy: "add an opset import for that domain")
            }
            node.overload = text(message.overload)
            node.documentation = text(message.doc_string)
            node.metadata = dictionary(message.n_metadata_props, message.metadata_props)
            node.uninterpreted = UninterpretedFields(unknownIn: message.base)
            for configuration in messages(message.n_device_configurations, message.device_configurations) {
                node.uninterpreted.append(10, message: configuration)
            }
            node.attributes = try attributes(messages(message.n_attribute, message.attribute), scope: scope)
            return node
        }
    }

    /// Inputs or outputs, whose names must be there and must differ.
    private func declarations(
        _ protos: [UnsafeMutablePointer<Onnx__ValueInfoProto>], as role: String
    ) throws -> [ValueInfo] {
        var seen: Set<String> = []
        return try protos.map { proto in
            let info = try TypeReader.valueInfo(proto)
            guard !info.name.isEmpty else { throw QTuneError(.invalidModel, "an \(role) has no name") }
            guard seen.insert(info.name).inserted else {
                throw QTuneError(.invalidModel, "there are two \(role)s called '\(info.name)'")
            }
            return info
        }
    }

    private func readInitializers(_ message: Onnx__GraphProto, into graph: inout Graph) throws {
        for proto in messages(message.n_initializer, message.initializer) {
            let name = text(proto.pointee.name)
            try checkNew(initializer: name, in: graph)
            let notes = notes(on: proto)
            if !notes.isEmpty { graph.initializerNotes[name] = notes }
            graph.initializers[name] = try tensors.tensor(proto)
        }
        for proto in messages(message.n_sparse_initializer, message.sparse_initializer) {
            let name = text(proto.pointee.values?.pointee.name)
            try checkNew(initializer: name, in: graph)
            graph.sparseInitializers[name] = try tensors.sparseTensor(proto)
        }
    }

    private func checkNew(initializer name: String, in graph: Graph) throws {
        guard !name.isEmpty else { throw QTuneError(.invalidModel, "an initializer has no name") }
        guard graph.initializers[name] == nil, graph.sparseInitializers[name] == nil else {
            throw QTuneError(.invalidModel, "there are two initializers called '\(name)'")
        }
    }

    private func notes(on proto: UnsafeMutablePointer<Onnx__TensorProto>) -> UninterpretedFields {
        var notes = UninterpretedFields(unknownIn: proto.pointee.base)
        notes.append(12, text: proto.pointee.doc_string)
        for entry in messages(proto.pointee.n_metadata_props, proto.pointee.metadata_props) {
            notes.append(16, message: entry)
        }
        return notes
    }
}
