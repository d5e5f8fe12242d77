#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The bytes of a regular file, mapped into memory: pages are read when they are touched, and the system may drop them.
package final class MappedFile: @unchecked Sendable {
    package let bytes: UnsafeRawBufferPointer
    /// Bytes that may be read from `bytes.baseAddress`: the file's, rounded up to whole pages.
    package let readableCount: Int

    /// Maps the file at `path`. Anything but a regular file (a directory, a pipe) is an error.
    package init(path: String) throws {
        // Opening a pipe waits for its other end, unless it is told not to.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw QTuneError.system("the file cannot be opened", errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw QTuneError.system("the file cannot be read", errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw QTuneError(.inputOutput, "this is not a regular file", remedy: "give the path of a file")
        }
        let count = Int(status.st_size)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            readableCount = 0
            return
        }
        guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw QTuneError.system("the file cannot be mapped into memory", errno: errno)
        }
        bytes = UnsafeRawBufferPointer(start: base, count: count)
        readableCount = (count + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }

    /// The tensor of `dtype` and `shape` whose bytes start at `offset`; nil when they reach past the end of the file.
    ///
    /// The tensor refers to the mapping; small ones are copies.
    package func tensor(dtype: DType, shape: Shape, offset: Int) -> Tensor? {
        guard let count = dtype.byteCount(elements: shape.elementCount), offset >= 0, count <= bytes.count,
            offset <= bytes.count - count
        else { return nil }
        guard count > 0, let base = bytes.baseAddress else { return Tensor(uninitialized: dtype, shape: shape) }
        let isWellPlaced =
            offset % TensorStorage.alignment == 0 && readableCount - offset - count >= TensorStorage.readablePadding
        guard dtype != .bool, isWellPlaced || count >= Self.leastMappedBytes else {
            let part = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
            return Tensor(copying: part, dtype: dtype, shape: shape)
        }
        let storage = TensorStorage(
            foreign: UnsafeMutableRawPointer(mutating: base + offset), byteCount: count, isWellPlaced: isWellPlaced,
            discard: { self.discardPages(offset..<offset + count) }, release: { withExtendedLifetime(self) {} })
        return Tensor(dtype: dtype, shape: shape, storage: storage)
    }

    /// Bytes that are not copied although they are not aligned.
    package static let leastMappedBytes = 1 << 14

    /// Gives back the memory of the whole pages in `range`; they are read from the file again when they are touched.
    package func discardPages(_ range: Range<Int>) {
        guard let base = bytes.baseAddress else { return }
        let first = (range.lowerBound + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes
        let end = min(range.upperBound, bytes.count) / Self.pageBytes * Self.pageBytes
        if first < end { madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED) }
    }

    private static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))
}

extension QTuneError {
    /// A failed call of the operating system, with its reason.
    package static func system(_ message: String, errno number: Int32) -> QTuneError {
        QTuneError(.inputOutput, "\(message): \(String(cString: strerror(number)))")
    }
}

extension Tensor {
    /// A tensor with a copy of `bytes`, which are as many as it needs. Bytes of a bool become 0 or 1.
    package init(copying bytes: UnsafeRawBufferPointer, dtype: DType, shape: Shape) {
        self.init(uninitialized: dtype, shape: shape)
        precondition(bytes.count == byteCount, "\(bytes.count) bytes for \(dtype)\(shape)")
        guard let target = storage?.base, let source = bytes.baseAddress, bytes.count > 0 else { return }
        target.copyMemory(from: source, byteCount: bytes.count)
        guard dtype == .bool else { return }
        for index in 0..<bytes.count where bytes[index] > 1 {
            target.storeBytes(of: 1, toByteOffset: index, as: UInt8.self)
        }
    }
}
