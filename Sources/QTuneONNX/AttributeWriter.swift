internal import COnnxProto
internal import QTuneGraph
internal import QTuneTensor

extension GraphWriter {
    /// Attributes in the order of their names.
    func attributes(_ attributes: [String: Attribute]) throws -> [UnsafeMutablePointer<Onnx__AttributeProto>] {
        try attributes.sorted { $0.key < $1.key }.map { name, value in
            try locating("attribute '\(name)'") { try attribute(name, value) }
        }
    }

    private func attribute(_ name: String, _ value: Attribute) throws -> UnsafeMutablePointer<Onnx__AttributeProto> {
        var message = Onnx__AttributeProto()
        onnx__attribute_proto__init(&message)
        message.name = try arena.text(name)
        message.has_type = 1
        switch value {
        case .float, .int, .string, .tensor, .graph, .sparseTensor, .type: try fillSingle(&message, value)
        case .floats, .ints, .strings, .tensors, .graphs, .sparseTensors, .types: try fillList(&message, value)
        case .reference(let name, let kind):
            message.type = Onnx__AttributeProto__AttributeType(rawValue: UInt32(bitPattern: kind))
            message.ref_attr_name = try arena.text(name)
        }
        return arena.message(message)
    }

    private func fillSingle(_ message: inout Onnx__AttributeProto, _ value: Attribute) throws {
        switch value {
        case .float(let number):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT
            (message.has_f, message.f) = (1, number)
        case .int(let number):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
            (message.has_i, message.i) = (1, number)
        case .string(let bytes):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING
            (message.has_s, message.s) = (1, arena.bytes(bytes))
        case .tensor(let tensor):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR
            message.t = try tensors.tensor(tensor)
        case .graph(let inner):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH
            message.g = try graph(inner)
        case .sparseTensor(let sparse):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR
            message.sparse_tensor = try tensors.sparseTensor(sparse)
        case .type(let type):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTO
            message.tp = try types.valueType(type)
        default: break
        }
    }

    private func fillList(_ message: inout Onnx__AttributeProto, _ value: Attribute) throws {
        switch value {
        case .floats(let numbers):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS
            (message.n_floats, message.floats) = (numbers.count, arena.array(numbers))
        case .ints(let numbers):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
            (message.n_ints, message.ints) = (numbers.count, arena.array(numbers))
        case .strings(let strings):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS
            (message.n_strings, message.strings) = (strings.count, arena.array(strings.map(arena.bytes)))
        case .tensors(let list):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS
            (message.n_tensors, message.tensors) = (list.count, arena.list(try list.map { try tensors.tensor($0) }))
        case .graphs(let list):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS
            (message.n_graphs, message.graphs) = (list.count, arena.list(try list.map(graph)))
        case .sparseTensors(let list):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS
            message.n_sparse_tensors = list.count
            message.sparse_tensors = arena.list(try list.map { try tensors.sparseTensor($0) })
        case .types(let list):
            message.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS
            message.n_type_protos = list.count
            message.type_protos = arena.list(try list.map { try types.valueType($0) })
        default: break
        }
    }
}
