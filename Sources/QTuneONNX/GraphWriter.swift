internal import COnnxProto
internal import QTuneGraph
internal import QTuneTensor

/// Makes messages of graphs, functions and nodes. Equal graphs give equal bytes: what a dictionary holds is written in
/// an order that follows from the graph.
struct GraphWriter {
    let arena: MessageArena
    let tensors: TensorWriter

    var types: TypeWriter { TypeWriter(arena: arena) }

    func graph(_ graph: Graph) throws -> UnsafeMutablePointer<Onnx__GraphProto> {
        var message = Onnx__GraphProto()
        onnx__graph_proto__init(&message)
        // The standard demands a name.
        message.name = try arena.text(graph.name.isEmpty ? "graph" : graph.name)
        message.doc_string = try arena.text(graph.documentation)
        (message.n_metadata_props, message.metadata_props) = (graph.metadata.count, try arena.pairs(graph.metadata))
        message.n_node = graph.nodes.count
        message.node = arena.list(try graph.nodes.map(node))
        message.n_input = graph.inputs.count
        message.input = arena.list(try graph.inputs.map(types.valueInfo))
        message.n_output = graph.outputs.count
        message.output = arena.list(try graph.outputs.map(types.valueInfo))
        let infos = Self.ordered(graph.valueInfo, by: graph.nodes.lazy.flatMap(\.outputs))
        message.n_value_info = infos.count
        message.value_info = arena.list(try infos.map { try types.valueInfo($0.value) })
        try fillInitializers(of: &message, from: graph)
        let annotations = graph.quantizationAnnotations.sorted { $0.key < $1.key }
        message.n_quantization_annotation = annotations.count
        message.quantization_annotation = arena.list(try annotations.map { try annotation($0.key, $0.value) })
        try arena.attach(graph.uninterpreted, to: &message.base)
        return arena.message(message)
    }

    func function(_ function: Function) throws -> UnsafeMutablePointer<Onnx__FunctionProto> {
        var message = Onnx__FunctionProto()
        onnx__function_proto__init(&message)
        message.name = try arena.text(function.name)
        message.domain = try arena.text(function.domain)
        message.overload = try arena.text(function.overload)
        message.doc_string = try arena.text(function.documentation)
        (message.n_input, message.input) = (function.inputs.count, try arena.texts(function.inputs))
        (message.n_output, message.output) = (function.outputs.count, try arena.texts(function.outputs))
        (message.n_attribute, message.attribute) = (function.attributes.count, try arena.texts(function.attributes))
        message.n_attribute_proto = function.attributeDefaults.count
        message.attribute_proto = arena.list(try attributes(function.attributeDefaults))
        message.n_node = function.nodes.count
        message.node = arena.list(try function.nodes.map(node))
        message.n_opset_import = function.opsets.count
        message.opset_import = arena.list(try opsets(function.opsets))
        let infos = Self.ordered(function.valueInfo, by: function.nodes.lazy.flatMap(\.outputs))
        message.n_value_info = infos.count
        message.value_info = arena.list(try infos.map { try types.valueInfo($0.value) })
        (message.n_metadata_props, message.metadata_props) = (
            function.metadata.count, try arena.pairs(function.metadata)
        )
        try arena.attach(function.uninterpreted, to: &message.base)
        return arena.message(message)
    }

    /// Versions by domain, the standard's own operator set first.
    func opsets(_ opsets: [String: Int]) throws -> [UnsafeMutablePointer<Onnx__OperatorSetIdProto>] {
        try opsets.sorted { $0.key < $1.key }.map { domain, version in
            var message = Onnx__OperatorSetIdProto()
            onnx__operator_set_id_proto__init(&message)
            message.domain = try arena.text(domain)
            (message.has_version, message.version) = (1, Int64(version))
            return arena.message(message)
        }
    }

    private func node(_ node: Node) throws -> UnsafeMutablePointer<Onnx__NodeProto> {
        try locating("node '\(node.label)'") {
            var message = Onnx__NodeProto()
            onnx__node_proto__init(&message)
            message.name = try arena.text(node.name)
            message.op_type = try arena.text(node.opType)
            message.domain = try arena.text(node.domain)
            message.overload = try arena.text(node.overload)
            message.doc_string = try arena.text(node.documentation)
            (message.n_input, message.input) = (node.inputs.count, try arena.texts(node.inputs))
            (message.n_output, message.output) = (node.outputs.count, try arena.texts(node.outputs))
            message.n_attribute = node.attributes.count
            message.attribute = arena.list(try attributes(node.attributes))
            (message.n_metadata_props, message.metadata_props) = (node.metadata.count, try arena.pairs(node.metadata))
            try arena.attach(node.uninterpreted, to: &message.base)
            return arena.message(message)
        }
    }

    private func fillInitializers(of message: inout Onnx__GraphProto, from graph: Graph) throws {
        let uses = graph.nodes.lazy.flatMap(\.dependencies)
        let dense = Self.ordered(graph.initializers, by: uses)
        message.n_initializer = dense.count
        message.initializer = arena.list(
            try dense.map { name, tensor in
                try tensors.tensor(tensor, name: name, notes: graph.initializerNotes[name] ?? UninterpretedFields())
            })
        let sparse = Self.ordered(graph.sparseInitializers, by: uses)
        message.n_sparse_initializer = sparse.count
        message.sparse_initializer = arena.list(try sparse.map { try tensors.sparseTensor($0.value, name: $0.key) })
    }

    private func annotation(
        _ name: String, _ parameters: [String: String]
    ) throws -> UnsafeMutablePointer<Onnx__TensorAnnotation> {
        var message = Onnx__TensorAnnotation()
        onnx__tensor_annotation__init(&message)
        message.tensor_name = try arena.text(name)
        message.n_quant_parameter_tensor_names = parameters.count
        message.quant_parameter_tensor_names = try arena.pairs(parameters)
        return arena.message(message)
    }

    /// The entries of a dictionary in the order in which `names` mentions them, then the rest by name.
    private static func ordered<Value>(
        _ entries: [String: Value], by names: some Sequence<String>
    ) -> [(key: String, value: Value)] {
        guard !entries.isEmpty else { return [] }
        var rest = entries
        var result: [(key: String, value: Value)] = []
        for name in names {
            if let value = rest.removeValue(forKey: name) { result.append((name, value)) }
        }
        return result + rest.sorted { $0.key < $1.key }
    }
}
