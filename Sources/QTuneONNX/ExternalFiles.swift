internal import QTuneTensor

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Files beside a model that hold its large tensors. Each is mapped once, and stays mapped while a tensor refers to it.
final class ExternalFiles {
    private let directory: String?
    private var mapped: [String: MappedFile] = [:]

    /// - Parameter directory: the model's own; nil for a model that comes from memory and may not refer to files.
    init(directory: String?) { self.directory = directory }

    /// The tensor that `location` (a path relative to the model) holds at `offset`.
    /// - Parameter length: the bytes that the model says it has there, which must be those that the shape needs.
    func tensor(dtype: DType, shape: Shape, location: String, offset: Int, length: Int?) throws -> Tensor {
        try locating("external data '\(location)'") {
            let file = try file(at: location)
            let needed = dtype.byteCount(elements: shape.elementCount)
            if let length, length != needed {
                throw QTuneError(
                    .invalidModel,
                    "\(length) bytes are given, and \(dtype)\(shape) takes \(needed.map(String.init) ?? "more")")
            }
            guard let tensor = file.tensor(dtype: dtype, shape: shape, offset: offset) else {
                throw QTuneError(
                    .invalidModel,
                    "\(dtype)\(shape) at byte \(offset) reaches past the file's \(file.bytes.count) bytes",
                    remedy: "the file is cut off or belongs to another model; fetch it again")
            }
            return tensor
        }
    }

    private func file(at location: String) throws -> MappedFile {
        if let file = mapped[location] { return file }
        let file = try MappedFile(path: resolve(location))
        mapped[location] = file
        return file
    }

    /// The path of `location`, which must lie in the model's directory also when links are followed: a model may not
    /// reach for other files of the machine.
    private func resolve(_ location: String) throws -> String {
        guard let directory else {
            throw QTuneError(
                .invalidModel, "the model keeps tensors in other files",
                remedy: "read it by its path, or give the directory of those files")
        }
        let parts = location.split(separator: "/", omittingEmptySubsequences: false)
        guard !location.isEmpty, !location.hasPrefix("/"), !parts.contains("..") else {
            throw QTuneError(
                .invalidModel, "the path leads out of the model's directory",
                remedy: "only paths inside it are followed")
        }
        let root = try Self.canonical(directory)
        let path = try Self.canonical("\(directory)/\(location)")
        guard path.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
            throw QTuneError(
                .invalidModel, "the path is a link that leads out of the model's directory",
                remedy: "put the file itself beside the model")
        }
        return path
    }

    private static func canonical(_ path: String) throws -> String {
        guard let resolved = realpath(path, nil) else {
            throw QTuneError.system("the file cannot be found", errno: errno)
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
