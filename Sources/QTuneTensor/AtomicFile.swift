#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A file in the making. It gets its name only when it is complete and on the disk, so that whoever reads that name
/// finds the old file or the new one, never a part.
package final class AtomicFile {
    private let target: String
    private let temporary: String
    private var descriptor: Int32
    private var pending: [UInt8] = []
    private var isCommitted = false
    /// Bytes written so far.
    package private(set) var count = 0

    private static let bufferSize = 1 << 18

    /// Starts a file beside `path`.
    package init(path: String) throws {
        // A link stays a link: what it points at is replaced.
        let resolved = realpath(path, nil)
        defer { free(resolved) }
        target = resolved.map { String(cString: $0) } ?? path
        var status = stat()
        if stat(target, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw QTuneError(
                .inputOutput, "this is not a regular file", place: [path], remedy: "give another path to write to")
        }
        temporary = "\(target).\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw QTuneError.system("the file cannot be created", errno: errno).within(path)
        }
    }

    /// Appends bytes.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        count += bytes.count
        if pending.count + bytes.count <= Self.bufferSize {
            pending.append(contentsOf: bytes)
        } else {
            try flush()
            try put(bytes)
        }
    }

    /// Appends zeros up to the next multiple of `alignment`.
    package func pad(toMultipleOf alignment: Int) throws {
        let missing = (alignment - count % alignment) % alignment
        try [UInt8](repeating: 0, count: missing).withUnsafeBytes { try write($0) }
    }

    /// Puts everything on the disk and gives the file its name.
    package func commit() throws {
        try flush()
        guard fsync(descriptor) == 0 else { throw failure("the file cannot be written") }
        close(descriptor)
        descriptor = -1
        guard rename(temporary, target) == 0 else { throw failure("the file cannot be put in place") }
        isCommitted = true
    }

    private func flush() throws {
        try pending.withUnsafeBytes { try put($0) }
        pending.removeAll(keepingCapacity: true)
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
        try locating(target) { try SystemCall.write(bytes, to: descriptor) }
    }

    private func failure(_ message: String) -> QTuneError { .system(message, errno: errno).within(target) }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isCommitted { unlink(temporary) }
    }
}
