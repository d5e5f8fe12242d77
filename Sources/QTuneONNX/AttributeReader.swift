internal import COnnxProto
internal import QTuneGraph
internal import QTuneTensor

extension GraphReader {
    typealias AttributeMessage = UnsafeMutablePointer<Onnx__AttributeProto>

    /// Attributes by name. Names must differ.
    func attributes(_ protos: [AttributeMessage], scope: Scope) throws -> [String: Attribute] {
        var result: [String: Attribute] = [:]
        for proto in protos {
            let name = text(proto.pointee.name)
            try locating("attribute '\(name)'") {
                guard !name.isEmpty else { throw QTuneError(.invalidModel, "an attribute has no name") }
                let value = try attribute(proto, scope: scope)
                guard result.updateValue(value, forKey: name) == nil else {
                    throw QTuneError(.invalidModel, "the attribute is given twice")
                }
            }
        }
        return result
    }

    private func attribute(_ proto: AttributeMessage, scope: Scope) throws -> Attribute {
        let message = proto.pointee
        let kind = message.has_type != 0 ? message.type : Self.impliedKind(message)
        if let reference = message.ref_attr_name, reference.pointee != 0 {
            return .reference(name: text(reference), kind: Int32(truncatingIfNeeded: kind.rawValue))
        }
        switch kind {
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT: return .float(message.f)
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT: return .int(message.i)
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING: return .string(byteArray(message.s))
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS: return .floats(numbers(message.n_floats, message.floats))
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS: return .ints(numbers(message.n_ints, message.ints))
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
            return .strings(numbers(message.n_strings, message.strings).map(byteArray))
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR: return .tensor(try tensors.tensor(present(message.t)))
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS:
            return .tensors(try messages(message.n_tensors, message.tensors).map(tensors.tensor))
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR:
            return .sparseTensor(try tensors.sparseTensor(present(message.sparse_tensor)))
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS:
            return .sparseTensors(
                try messages(message.n_sparse_tensors, message.sparse_tensors).map(tensors.sparseTensor))
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH: return .graph(try graph(present(message.g), outer: scope))
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS:
            return .graphs(try messages(message.n_graphs, message.graphs).map { try graph($0, outer: scope) })
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTO: return .type(try type(present(message.tp)))
        case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS:
            return .types(try messages(message.n_type_protos, message.type_protos).map(type))
        default: throw QTuneError(.invalidModel, "attribute type number \(kind.rawValue) is not known")
        }
    }

    private func type(_ proto: UnsafeMutablePointer<Onnx__TypeProto>) throws -> ValueType {
        guard let type = try TypeReader.valueType(proto) else {
            throw QTuneError(.unsupported, "an attribute holds an opaque or empty type")
        }
        return type
    }

    private func present<Message>(_ field: UnsafeMutablePointer<Message>?) throws -> UnsafeMutablePointer<Message> {
        guard let field else { throw QTuneError(.invalidModel, "the attribute has no value") }
        return field
    }

    /// The kind of an attribute that does not state it, as those of IR version 1 need not: that of the field it fills.
    private static func impliedKind(_ message: Onnx__AttributeProto) -> Onnx__AttributeProto__AttributeType {
        let fields: [(isFilled: Bool, kind: Onnx__AttributeProto__AttributeType)] = [
            (message.has_f != 0, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT),
            (message.has_i != 0, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT),
            (message.has_s != 0, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING),
            (message.t != nil, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR),
            (message.g != nil, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH),
            (message.n_floats > 0, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS),
            (message.n_ints > 0, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS),
            (message.n_strings > 0, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS),
            (message.n_tensors > 0, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS),
            (message.n_graphs > 0, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS),
        ]
        return fields.first(where: \.isFilled)?.kind ?? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED
    }
}
