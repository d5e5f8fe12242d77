internal import COnnxProto
public import QTuneGraph
internal import QTuneTensor

/// Writes ONNX models. Equal models give equal bytes.
///
/// A model says what it says and no more: nodes get no names and values no types that they do not have. Two things are
/// added where the standard demands them: a graph without a name is called `graph`, and the IR version is raised where
/// the content needs a newer one (4 for initializers that are no inputs, 8 for functions).
public enum ModelWriter {
    /// Bytes that the file format can hold in one file.
    package static let largestFile = Int(Int32.max)

    /// The bytes of a model file.
    ///
    /// Throws where the model does not fit the 2 GB of one file.
    public static func encode(_ model: Model) throws -> [UInt8] {
        let arena = MessageArena()
        defer { withExtendedLifetime((model, arena)) {} }
        let message = try message(model, arena: arena, external: nil)
        let size = protobuf_c_message_get_packed_size(message)
        guard size <= largestFile else {
            throw QTuneError(
                .unsupported, "the model takes \(size) bytes; the format ends at 2 GB",
                remedy: "write it to a path, so that its tensors go to another file")
        }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = protobuf_c_message_pack(message, buffer.baseAddress)
        }
    }

    /// Writes the model to `path`. The file is replaced when the new one is complete; a failure leaves the old one.
    ///
    /// A model that does not fit the 2 GB of one file keeps its large tensors in `path` with `.data` appended.
    public static func write(_ model: Model, to path: String) throws {
        try write(model, to: path, largestFile: largestFile)
    }

    /// The same with another limit, beyond which tensors go to the file beside.
    package static func write(_ model: Model, to path: String, largestFile: Int) throws {
        defer { withExtendedLifetime(model) {} }
        let arena = MessageArena()
        let whole = try message(model, arena: arena, external: nil)
        if protobuf_c_message_get_packed_size(whole) <= largestFile {
            defer { withExtendedLifetime(arena) {} }
            return try put(whole, to: path).commit()
        }
        let data = try ExternalTensorFile(path: path + ".data")
        let outerArena = MessageArena()
        defer { withExtendedLifetime(outerArena) {} }
        let file = try put(message(model, arena: outerArena, external: data), to: path)
        guard file.count <= Self.largestFile else {
            throw QTuneError(
                .unsupported, "the model takes \(file.count) bytes besides its tensors; the format ends at 2 GB",
                place: [path])
        }
        // Both files are complete on the disk before either gets its name.
        try data.commit()
        try file.commit()
    }

    private static func message(
        _ model: Model, arena: MessageArena, external: ExternalTensorFile?
    ) throws -> UnsafePointer<ProtobufCMessage> {
        let writer = GraphWriter(arena: arena, tensors: TensorWriter(arena: arena, external: external))
        var message = Onnx__ModelProto()
        onnx__model_proto__init(&message)
        (message.has_ir_version, message.ir_version) = (1, Int64(irVersion(of: model)))
        message.producer_name = try arena.text(model.producerName)
        message.producer_version = try arena.text(model.producerVersion)
        message.domain = try arena.text(model.domain)
        if model.modelVersion != 0 {
            (message.has_model_version, message.model_version) = (1, Int64(model.modelVersion))
        }
        message.doc_string = try arena.text(model.documentation)
        message.graph = try writer.graph(model.graph)
        message.n_opset_import = model.opsets.count
        message.opset_import = arena.list(try writer.opsets(model.opsets))
        (message.n_metadata_props, message.metadata_props) = (model.metadata.count, try arena.pairs(model.metadata))
        message.n_functions = model.functions.count
        message.functions = arena.list(try model.functions.map(writer.function))
        try arena.attach(model.uninterpreted, to: &message.base)
        return UnsafeRawPointer(arena.message(message)).assumingMemoryBound(to: ProtobufCMessage.self)
    }

    /// The model's IR version, or the first that knows all its content.
    private static func irVersion(of model: Model) -> Int {
        var needed = 3
        if hasPlainInitializers(model.graph) { needed = 4 }
        if !model.functions.isEmpty { needed = 8 }
        return max(model.irVersion, needed)
    }

    private static func hasPlainInitializers(_ graph: Graph) -> Bool {
        let inputs = Set(graph.inputs.map(\.name))
        return !graph.sparseInitializers.isEmpty || !inputs.isSuperset(of: graph.initializers.keys)
            || graph.nodes.contains { $0.subgraphs.contains(where: hasPlainInitializers) }
    }

    /// A complete file beside `path`, to be committed.
    private static func put(_ message: UnsafePointer<ProtobufCMessage>, to path: String) throws -> AtomicFile {
        let file = try AtomicFile(path: path)
        try FileSink(file).put(message)
        return file
    }
}
