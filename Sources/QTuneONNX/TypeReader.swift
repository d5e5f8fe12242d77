internal import COnnxProto
internal import QTuneGraph
internal import QTuneTensor

/// Reads what a model says of the types of its values.
enum TypeReader {
    static func valueInfo(_ proto: UnsafeMutablePointer<Onnx__ValueInfoProto>) throws -> ValueInfo {
        let message = proto.pointee
        var info = ValueInfo(text(message.name))
        info.documentation = text(message.doc_string)
        info.metadata = dictionary(message.n_metadata_props, message.metadata_props)
        info.uninterpreted = UninterpretedFields(unknownIn: message.base)
        guard let type = message.type else { return info }
        info.denotation = text(type.pointee.denotation)
        info.axisDenotations = axisDenotations(type)
        if type.pointee.value_case == ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE {
            info.uninterpreted.append(2, message: type)
        } else {
            info.type = try locating("value '\(info.name)'") { try valueType(type) }
        }
        return info
    }

    /// The type; nil where the message leaves it open.
    static func valueType(_ proto: UnsafeMutablePointer<Onnx__TypeProto>) throws -> ValueType? {
        let message = proto.pointee
        switch message.value_case {
        case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
            guard let tensor = message.tensor_type?.pointee else { return nil }
            return .tensor(try elementType(tensor.elem_type), try dimensions(tensor.shape))
        case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
            guard let tensor = message.sparse_tensor_type?.pointee else { return nil }
            return .sparseTensor(try elementType(tensor.elem_type), try dimensions(tensor.shape))
        case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
            return .sequence(try message.sequence_type?.pointee.elem_type.flatMap(valueType))
        case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
            return .optional(try message.optional_type?.pointee.elem_type.flatMap(valueType))
        case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
            guard let map = message.map_type?.pointee, let key = try elementType(map.key_type) else {
                throw QTuneError(.invalidModel, "a map type does not say what its keys are")
            }
            return .map(key: key, value: try map.value_type.flatMap(valueType))
        default: return nil
        }
    }

    /// The element type with the standard's number; nil for 0, which leaves it open.
    static func elementType(_ number: Int32) throws -> DType? {
        guard number != 0 else { return nil }
        guard let dtype = DType(rawValue: number) else {
            throw QTuneError(
                .unsupported, "element type number \(number) is not known",
                remedy: "element types 1 to 26 of the standard are supported")
        }
        return dtype
    }

    /// Longer axes are refused: no machine holds them, and sums of lengths stay within an Int.
    private static let longest: Int64 = 1 << 40

    private static func dimensions(_ shape: UnsafeMutablePointer<Onnx__TensorShapeProto>?) throws -> [Dimension]? {
        guard let shape = shape?.pointee else { return nil }
        return try messages(shape.n_dim, shape.dim).map { dimension in
            switch dimension.pointee.value_case {
            case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE:
                guard dimension.pointee.dim_value <= longest else {
                    throw QTuneError(
                        .invalidModel, "an axis is declared \(dimension.pointee.dim_value) long, more than \(longest)")
                }
                // Some exporters write -1 for a length that they do not know.
                return Int(exactly: dimension.pointee.dim_value).flatMap { $0 >= 0 ? .fixed($0) : nil } ?? .unknown
            case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM:
                let name = text(dimension.pointee.dim_param)
                return name.isEmpty ? .unknown : .symbolic(name)
            default: return .unknown
            }
        }
    }

    private static func axisDenotations(_ type: UnsafeMutablePointer<Onnx__TypeProto>) -> [String] {
        guard type.pointee.value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE,
            let shape = type.pointee.tensor_type?.pointee.shape?.pointee
        else { return [] }
        let denotations = messages(shape.n_dim, shape.dim).map { text($0.pointee.denotation) }
        return denotations.allSatisfy(\.isEmpty) ? [] : denotations
    }
}
