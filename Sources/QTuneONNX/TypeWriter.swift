internal import COnnxProto
internal import QTuneGraph
internal import QTuneTensor

/// Makes messages of what a model says of the types of its values.
struct TypeWriter {
    let arena: MessageArena

    typealias TypeMessage = UnsafeMutablePointer<Onnx__TypeProto>

    func valueInfo(_ info: ValueInfo) throws -> UnsafeMutablePointer<Onnx__ValueInfoProto> {
        var message = Onnx__ValueInfoProto()
        onnx__value_info_proto__init(&message)
        message.name = try arena.text(info.name)
        message.doc_string = try arena.text(info.documentation)
        message.n_metadata_props = info.metadata.count
        message.metadata_props = try arena.pairs(info.metadata)
        if let type = info.type {
            message.type = try valueType(type, axisDenotations: info.axisDenotations)
            message.type.pointee.denotation = try arena.text(info.denotation)
        }
        try arena.attach(info.uninterpreted, to: &message.base)
        return arena.message(message)
    }

    func valueType(_ type: ValueType, axisDenotations: [String] = []) throws -> TypeMessage {
        var message = Onnx__TypeProto()
        onnx__type_proto__init(&message)
        switch type {
        case .tensor(let dtype, let dimensions):
            var tensor = Onnx__TypeProto__Tensor()
            onnx__type_proto__tensor__init(&tensor)
            if let dtype { (tensor.has_elem_type, tensor.elem_type) = (1, dtype.rawValue) }
            tensor.shape = try dimensions.map { try shape($0, axisDenotations) }
            message.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
            message.tensor_type = arena.message(tensor)
        case .sparseTensor(let dtype, let dimensions):
            var tensor = Onnx__TypeProto__SparseTensor()
            onnx__type_proto__sparse_tensor__init(&tensor)
            if let dtype { (tensor.has_elem_type, tensor.elem_type) = (1, dtype.rawValue) }
            tensor.shape = try dimensions.map { try shape($0, []) }
            message.value_case = ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE
            message.sparse_tensor_type = arena.message(tensor)
        case .sequence(let element):
            var sequence = Onnx__TypeProto__Sequence()
            onnx__type_proto__sequence__init(&sequence)
            sequence.elem_type = try element.map { try valueType($0) }
            message.value_case = ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE
            message.sequence_type = arena.message(sequence)
        case .optional(let element):
            var optional = Onnx__TypeProto__Optional()
            onnx__type_proto__optional__init(&optional)
            optional.elem_type = try element.map { try valueType($0) }
            message.value_case = ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE
            message.optional_type = arena.message(optional)
        case .map(let key, let value):
            var map = Onnx__TypeProto__Map()
            onnx__type_proto__map__init(&map)
            (map.has_key_type, map.key_type) = (1, key.rawValue)
            map.value_type = try value.map { try valueType($0) }
            message.value_case = ONNX__TYPE_PROTO__VALUE_MAP_TYPE
            message.map_type = arena.message(map)
        }
        return arena.message(message)
    }

    private func shape(
        _ dimensions: [Dimension], _ denotations: [String]
    ) throws -> UnsafeMutablePointer<Onnx__TensorShapeProto> {
        var message = Onnx__TensorShapeProto()
        onnx__tensor_shape_proto__init(&message)
        message.n_dim = dimensions.count
        message.dim = arena.list(
            try dimensions.enumerated().map { axis, dimension in
                var entry = Onnx__TensorShapeProto__Dimension()
                onnx__tensor_shape_proto__dimension__init(&entry)
                switch dimension {
                case .fixed(let length):
                    entry.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
                    entry.dim_value = Int64(length)
                case .symbolic(let name):
                    entry.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                    entry.dim_param = try arena.text(name)
                case .unknown: break
                }
                if axis < denotations.count { entry.denotation = try arena.text(denotations[axis]) }
                return arena.message(entry)
            })
        return arena.message(message)
    }
}
