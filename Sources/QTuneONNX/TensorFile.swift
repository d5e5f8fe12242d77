internal import COnnxProto
internal import QTuneGraph
public import QTuneTensor

/// Reads and writes files that hold one value, as the standard's test data does (`input_0.pb`).
public enum TensorFile {
    /// The tensor in the file at `path`.
    public static func read(path: String) throws -> Tensor {
        try open(path, Descriptors.tensor) { (message: UnsafeMutablePointer<Onnx__TensorProto>, reader) in
            try reader.tensor(message)
        }
    }

    /// The tensors of the sequence in the file at `path`. Sequences of anything else are not supported.
    public static func readSequence(path: String) throws -> [Tensor] {
        try open(path, Descriptors.sequence, sequence)
    }

    /// The content of the optional value in the file at `path`: nil for none, a list of one tensor for a tensor, all
    /// tensors of a sequence.
    public static func readOptional(path: String) throws -> [Tensor]? {
        try open(path, Descriptors.optional) { (message: UnsafeMutablePointer<Onnx__OptionalProto>, reader) in
            if let tensor = message.pointee.tensor_value { return [try reader.tensor(tensor)] }
            if let content = message.pointee.sequence_value { return try sequence(content, reader) }
            guard message.pointee.sparse_tensor_value == nil, message.pointee.map_value == nil,
                message.pointee.optional_value == nil
            else { throw QTuneError(.unsupported, "the optional value is neither a tensor nor a sequence") }
            return nil
        }
    }

    /// The map in the file at `path`: its keys in ascending order, and as many scalar values of one type. Both tensors
    /// have one axis.
    public static func readMap(path: String) throws -> (keys: Tensor, values: Tensor) {
        try open(path, Descriptors.map, map)
    }

    /// The maps of the sequence in the file at `path`. Sequences of anything else are not supported.
    public static func readMapSequence(path: String) throws -> [(keys: Tensor, values: Tensor)] {
        try open(path, Descriptors.sequence) { (message: UnsafeMutablePointer<Onnx__SequenceProto>, reader) in
            guard message.pointee.n_tensor_values == 0, message.pointee.n_sequence_values == 0 else {
                throw QTuneError(.unsupported, "the sequence holds something else than maps")
            }
            return try messages(message.pointee.n_map_values, message.pointee.map_values).map { try map($0, reader) }
        }
    }

    /// Writes a tensor to `path`, replacing the file there.
    public static func write(_ tensor: Tensor, to path: String, name: String = "") throws {
        let arena = MessageArena()
        defer { withExtendedLifetime((tensor, arena)) {} }
        let message = try TensorWriter(arena: arena, external: nil).tensor(tensor, name: name)
        let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
        let file = try AtomicFile(path: path)
        try FileSink(file).put(base)
        try file.commit()
    }

    private static func open<Message, Result>(
        _ path: String, _ descriptor: Descriptors.Descriptor?,
        _ body: (UnsafeMutablePointer<Message>, TensorReader) throws -> Result
    ) throws -> Result {
        try locating(path) {
            let file = try MappedFile(path: path)
            defer { withExtendedLifetime(file) {} }
            let unpacked = try UnpackedMessage<Message>(file.bytes, descriptor)
            defer { withExtendedLifetime(unpacked) {} }
            return try body(unpacked.pointer, TensorReader(files: ExternalFiles(directory: nil)))
        }
    }

    private static func sequence(
        _ message: UnsafeMutablePointer<Onnx__SequenceProto>, _ reader: TensorReader
    ) throws -> [Tensor] {
        let content = message.pointee
        guard content.n_sparse_tensor_values == 0, content.n_sequence_values == 0, content.n_map_values == 0,
            content.n_optional_values == 0
        else { throw QTuneError(.unsupported, "the sequence holds something else than tensors") }
        return try messages(content.n_tensor_values, content.tensor_values).map(reader.tensor)
    }

    private static func map(
        _ message: UnsafeMutablePointer<Onnx__MapProto>, _ reader: TensorReader
    ) throws -> (keys: Tensor, values: Tensor) {
        let content = message.pointee
        let strings = UnsafeBufferPointer(
            start: content.string_keys, count: content.string_keys == nil ? 0 : content.n_string_keys)
        let texts = strings.map { String(decoding: byteArray($0), as: UTF8.self) }
        let integers = numbers(content.n_keys, content.keys)
        let hasTexts = content.key_type == DType.string.rawValue
        let count = hasTexts ? texts.count : integers.count
        let order = (0..<count).sorted { hasTexts ? texts[$0] < texts[$1] : integers[$0] < integers[$1] }
        let values = try content.values.map { try sequence($0, reader) } ?? []
        let dtype = values.first?.dtype ?? .float32
        guard values.count == count, dtype.bitWidth == 0 || dtype.bitWidth >= 8,
            values.allSatisfy({ $0.count == 1 && $0.dtype == dtype })
        else {
            throw QTuneError(.unsupported, "the map's values are not one scalar for each key")
        }
        let keys =
            hasTexts ? Tensor(strings: order.map { texts[$0] }, shape: [count]) : Tensor(order.map { integers[$0] })
        return (keys, joined(order.map { values[$0] }))
    }

    /// Scalars of one type as a tensor of one axis.
    private static func joined(_ scalars: [Tensor]) -> Tensor {
        let dtype = scalars.first?.dtype ?? .float32
        guard dtype != .string else {
            return Tensor(strings: scalars.flatMap(\.strings), shape: [scalars.count])
        }
        let result = Tensor(zeros: dtype, shape: [scalars.count])
        result.withMutableBytes { target in
            for (index, scalar) in scalars.enumerated() {
                scalar.withBytes { source in
                    for byte in source.indices { target[index * source.count + byte] = source[byte] }
                }
            }
        }
        return result
    }
}
