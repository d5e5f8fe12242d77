internal import COnnxProto
internal import QTuneGraph
internal import QTuneTensor

/// Makes messages of tensors, which refer to the tensors' bytes.
struct TensorWriter {
    let arena: MessageArena
    /// Takes the large tensors of a model that does not fit one file; nil keeps all inside.
    let external: ExternalTensorFile?

    func tensor(
        _ tensor: Tensor, name: String = "", notes: UninterpretedFields = UninterpretedFields()
    ) throws -> UnsafeMutablePointer<Onnx__TensorProto> {
        var message = Onnx__TensorProto()
        onnx__tensor_proto__init(&message)
        message.name = try arena.text(name)
        (message.has_data_type, message.data_type) = (1, tensor.dtype.rawValue)
        message.n_dims = tensor.shape.rank
        message.dims = arena.array(tensor.shape.dimensions.map { Int64($0) })
        if tensor.dtype == .string {
            message.n_string_data = tensor.count
            message.string_data = arena.array(tensor.strings.map { arena.bytes(Array($0.utf8)) })
        } else if let external, tensor.byteCount >= ExternalTensorFile.threshold {
            let offset = try external.add(tensor)
            let entries = [
                try arena.pair("location", external.name), try arena.pair("offset", String(offset)),
                try arena.pair("length", String(tensor.byteCount)),
            ]
            message.n_external_data = entries.count
            message.external_data = arena.list(entries)
            (message.has_data_location, message.data_location) = (1, ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        } else {
            message.has_raw_data = 1
            message.raw_data = ProtobufCBinaryData(
                len: tensor.byteCount,
                data: UnsafeMutablePointer(mutating: tensor.rawBytes.assumingMemoryBound(to: UInt8.self).baseAddress))
        }
        try arena.attach(notes, to: &message.base)
        return arena.message(message)
    }

    func sparseTensor(
        _ sparse: SparseTensor, name: String = ""
    ) throws -> UnsafeMutablePointer<Onnx__SparseTensorProto> {
        var message = Onnx__SparseTensorProto()
        onnx__sparse_tensor_proto__init(&message)
        message.values = try tensor(sparse.values, name: name)
        message.indices = try tensor(sparse.indices)
        message.n_dims = sparse.dimensions.count
        message.dims = arena.array(sparse.dimensions.map { Int64($0) })
        return arena.message(message)
    }
}

/// The file beside a model that takes its large tensors, each once.
final class ExternalTensorFile {
    /// Tensors of fewer bytes stay in the model.
    static let threshold = 1024

    /// The file's name, without a directory.
    let name: String
    private let file: AtomicFile
    private var offsets: [Key: Int] = [:]

    private struct Key: Hashable {
        let start: UnsafeRawPointer?
        let count: Int
    }

    /// Starts the file at `path`.
    init(path: String) throws {
        name = path.split(separator: "/").last.map(String.init) ?? path
        file = try AtomicFile(path: path)
    }

    /// Writes a tensor, and gives the offset of its bytes, a multiple of the alignment that tensors want.
    func add(_ tensor: Tensor) throws -> Int {
        let bytes = tensor.rawBytes
        let key = Key(start: bytes.baseAddress, count: bytes.count)
        if let offset = offsets[key] { return offset }
        try file.pad(toMultipleOf: TensorStorage.alignment)
        let offset = file.count
        try file.write(bytes)
        offsets[key] = offset
        return offset
    }

    /// Gives the file its name.
    func commit() throws { try file.commit() }
}
