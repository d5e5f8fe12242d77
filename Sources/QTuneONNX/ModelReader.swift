internal import COnnxProto
public import QTuneGraph
internal import QTuneTensor

/// Reads ONNX models.
///
/// A file is trusted in nothing: whatever its bytes are, reading gives a sound model or throws `QTuneError`, and takes
/// memory in proportion to the file. What a graph needs to run is interpreted and checked; the rest of the standard's
/// content is kept as it is. Lost are the names of tensors in attributes and the documentation of attributes.
public enum ModelReader {
    /// The newest version of the file format that is understood.
    static let newestIRVersion: Int64 = 14

    /// Reads the model at `path`, and files beside it that hold its tensors. They stay mapped into memory while the
    /// model lives and must not be written to; replacing them is safe.
    public static func read(path: String) throws -> Model {
        try locating(path) {
            let file = try MappedFile(path: path)
            let slash = path.lastIndex(of: "/")
            let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            try check(file.bytes)
            let unpacked = try UnpackedMessage<Onnx__ModelProto>(outlineOf: file, Descriptors.model)
            return try model(
                unpacked, TensorReader(files: ExternalFiles(directory: directory), pieces: (file, unpacked.outline)))
        }
    }

    /// Reads a model from memory.
    /// - Parameter directory: where files that hold its tensors lie; nil if there are none.
    public static func read(bytes: [UInt8], directory: String? = nil) throws -> Model {
        try bytes.withUnsafeBytes { bytes in
            try check(bytes)
            return try model(
                UnpackedMessage(bytes, Descriptors.model), TensorReader(files: ExternalFiles(directory: directory)))
        }
    }

    private static func check(_ bytes: UnsafeRawBufferPointer) throws {
        guard !bytes.isEmpty else { throw QTuneError(.invalidModel, "the file is empty") }
        guard bytes.count <= Int(Int32.max) else {
            throw QTuneError(
                .invalidModel, "the file has \(bytes.count) bytes; the format ends at 2 GB",
                remedy: "save the model with its tensors in another file (external data)")
        }
    }

    private static func model(_ unpacked: UnpackedMessage<Onnx__ModelProto>, _ tensors: TensorReader) throws -> Model {
        defer { withExtendedLifetime(unpacked) {} }
        let message = unpacked.pointer.pointee
        guard message.has_ir_version != 0, (1...newestIRVersion).contains(message.ir_version) else {
            throw QTuneError(
                .invalidModel, "IR version \(message.ir_version) is missing or not known",
                remedy: "versions 1 to \(newestIRVersion) can be read")
        }
        guard let graphMessage = message.graph else { throw QTuneError(.invalidModel, "the model has no graph") }
        var opsets = try opsets(messages(message.n_opset_import, message.opset_import))
        if opsets.isEmpty {
            guard message.ir_version < 3 else {
                throw QTuneError(.invalidModel, "the model does not say which operator sets it uses")
            }
            opsets[""] = 1
        }
        let functions = try FunctionReader(tensors: tensors).functions(messages(message.n_functions, message.functions))
        let graph = try GraphReader(tensors: tensors, opsets: opsets).graph(graphMessage, outer: nil)
        var model = Model(graph: graph, opsets: opsets, irVersion: Int(message.ir_version))
        model.functions = functions
        model.producerName = text(message.producer_name)
        model.producerVersion = text(message.producer_version)
        model.domain = text(message.domain)
        model.modelVersion = Int(message.model_version)
        model.documentation = text(message.doc_string)
        model.metadata = dictionary(message.n_metadata_props, message.metadata_props)
        model.uninterpreted = UninterpretedFields(unknownIn: message.base)
        for training in messages(message.n_training_info, message.training_info) {
            model.uninterpreted.append(20, message: training)
        }
        for configuration in messages(message.n_configuration, message.configuration) {
            model.uninterpreted.append(26, message: configuration)
        }
        return model
    }

    /// Versions by domain. The standard's own operator set may be called "" or "ai.onnx".
    static func opsets(_ protos: [UnsafeMutablePointer<Onnx__OperatorSetIdProto>]) throws -> [String: Int] {
        var result: [String: Int] = [:]
        for proto in protos {
            let name = text(proto.pointee.domain)
            let domain = name == "ai.onnx" ? "" : name
            guard let version = Int(exactly: proto.pointee.version), version >= 1 else {
                throw QTuneError(
                    .invalidModel, "the operator set '\(name)' has the impossible version \(proto.pointee.version)")
            }
            guard result.updateValue(version, forKey: domain).map({ $0 == version }) ?? true else {
                throw QTuneError(.invalidModel, "the operator set '\(name)' is imported in two versions")
            }
        }
        return result
    }
}
