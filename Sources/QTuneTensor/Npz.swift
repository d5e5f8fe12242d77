internal import CZlib

/// Reads NumPy's archives of named arrays (`.npz`), plain (`numpy.savez`) and compressed (`numpy.savez_compressed`).
public enum Npz {
    /// The arrays in the file at `path`, by name.
    public static func read(path: String) throws -> [String: Tensor] {
        try locating(path) {
            let file = try MappedFile(path: path)
            defer { withExtendedLifetime(file) {} }
            return try decode(file.bytes)
        }
    }

    /// The arrays in the bytes of a file, by name.
    public static func decode(_ bytes: [UInt8]) throws -> [String: Tensor] { try bytes.withUnsafeBytes(decode) }

    private static func decode(_ bytes: UnsafeRawBufferPointer) throws -> [String: Tensor] {
        var arrays: [String: Tensor] = [:]
        for member in try ZipDirectory(bytes).members where member.name.hasSuffix(".npy") {
            try locating("array '\(member.name)'") {
                let tensor = try content(of: member, in: bytes)
                guard arrays.updateValue(tensor, forKey: String(member.name.dropLast(4))) == nil else {
                    throw QTuneError(.invalidData, "the archive has two arrays of this name")
                }
            }
        }
        return arrays
    }

    private static func content(of member: ZipDirectory.Member, in bytes: UnsafeRawBufferPointer) throws -> Tensor {
        let stored = UnsafeRawBufferPointer(rebasing: bytes[member.range])
        switch member.method {
        case 0:
            guard stored.count == member.size, checksum(stored) == member.checksum else { throw ZipDirectory.damaged }
            return try Npy.decode(stored)
        case 8:
            let content = try inflate(stored, to: member.size)
            return try content.withUnsafeBytes { content in
                guard checksum(content) == member.checksum else { throw ZipDirectory.damaged }
                return try Npy.decode(content)
            }
        default:
            throw QTuneError(
                .unsupported, "the archive uses compression method \(member.method)",
                remedy: "write it with numpy.savez or numpy.savez_compressed")
        }
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_z(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count))
    }

    /// Decompresses a member to exactly `size` bytes.
    private static func inflate(_ source: UnsafeRawBufferPointer, to size: Int) throws -> [UInt8] {
        // The format cannot shrink data more than 1032 times: a larger claim is false.
        guard size / 1032 <= source.count + 1, source.count <= UInt32.max, size <= UInt32.max else {
            throw ZipDirectory.damaged
        }
        return try [UInt8](unsafeUninitializedCapacity: size) { target, count in
            var stream = z_stream()
            // A negative window means bare data, without zlib's own header.
            guard inflateInit2_(&stream, -15, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
                throw QTuneError(.internalError, "zlib cannot start")
            }
            defer { inflateEnd(&stream) }
            stream.next_in = UnsafeMutablePointer(
                mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(source.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(size)
            guard CZlib.inflate(&stream, Z_FINISH) == Z_STREAM_END, stream.avail_out == 0 else {
                throw ZipDirectory.damaged
            }
            count = size
        }
    }
}
