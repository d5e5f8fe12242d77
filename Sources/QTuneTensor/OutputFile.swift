#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// An open file whose end is written to: a journal that grows, or a stream of the process.
package final class OutputFile: Sendable {
    package static let standardOutput = OutputFile(descriptor: STDOUT_FILENO)
    package static let standardError = OutputFile(descriptor: STDERR_FILENO)

    private let descriptor: Int32
    private let isOwned: Bool

    private init(descriptor: Int32) {
        self.descriptor = descriptor
        isOwned = false
    }

    /// Opens the file at `path`, or makes an empty one, and cuts it to its first `length` bytes.
    package init(path: String, keeping length: Int) throws {
        let opened = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        guard opened >= 0 else { throw QTuneError.system("the file cannot be written", errno: errno) }
        guard ftruncate(opened, off_t(length)) == 0, lseek(opened, 0, SEEK_END) >= 0 else {
            let reason = errno
            close(opened)
            throw QTuneError.system("the file cannot be written", errno: reason)
        }
        descriptor = opened
        isOwned = true
    }

    /// Whether a person may look at what is written.
    package var isTerminal: Bool { isatty(descriptor) == 1 }

    deinit { if isOwned { close(descriptor) } }

    package func append(_ bytes: some Sequence<UInt8>) throws {
        try Array(bytes).withUnsafeBytes { try SystemCall.write($0, to: descriptor) }
    }

    /// Returns when everything is on the disk.
    package func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw QTuneError.system("the file cannot be written", errno: errno) }
    }
}

/// Calls of the operating system whose names methods would hide.
enum SystemCall {
    /// Writes all of `bytes`.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        var rest = bytes
        while !rest.isEmpty {
            // Some systems write no more than 2^31 bytes at a time.
            let count = min(rest.count, 1 << 30)
            #if canImport(Glibc)
                let written = Glibc.write(descriptor, rest.baseAddress, count)
            #else
                let written = Darwin.write(descriptor, rest.baseAddress, count)
            #endif
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw QTuneError.system("the file cannot be written", errno: errno) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}
