/// The list of members at the end of a zip archive, 64-bit sizes included.
struct ZipDirectory {
    struct Member {
        let name: String
        /// 0 for bytes as they are, 8 for deflate.
        let method: Int
        /// Where the member's bytes lie in the archive.
        let range: Range<Int>
        /// Bytes after decompression.
        let size: Int
        let checksum: UInt32
    }

    private(set) var members: [Member] = []

    static var damaged: QTuneError {
        QTuneError(.invalidData, "the archive is damaged", remedy: "write the file again with numpy.savez")
    }

    init(_ bytes: UnsafeRawBufferPointer) throws {
        let archive = Archive(bytes: bytes)
        guard let end = archive.endRecord else {
            throw QTuneError(.invalidData, "this is not a zip archive", remedy: "write arrays with numpy.savez")
        }
        var (count, position) = (try archive.number(end + 10, 2), try archive.number(end + 16, 4))
        if count == 0xFFFF || position == 0xFFFF_FFFF {
            // The 64-bit record is found through its locator, which lies in front of the end record.
            guard end >= 20, try archive.number(end - 20, 4) == 0x0706_4B50 else { throw Self.damaged }
            let wide = try archive.number(end - 12, 8)
            guard try archive.number(wide, 4) == 0x0606_4B50 else { throw Self.damaged }
            (count, position) = (try archive.number(wide, 32, 8), try archive.number(wide, 48, 8))
        }
        // Each entry takes 46 bytes and more.
        guard count <= bytes.count / 46 else { throw Self.damaged }
        for _ in 0..<count {
            let (member, next) = try archive.member(at: position)
            members.append(member)
            position = next
        }
    }
}

private struct Archive {
    let bytes: UnsafeRawBufferPointer

    /// Where the end record starts: it is the last thing but for a comment of up to 65535 bytes.
    var endRecord: Int? {
        guard bytes.count >= 22 else { return nil }
        let last = bytes.count - 22
        return (max(0, last - 0xFFFF)...last).reversed().first {
            bytes[$0] == 0x50 && bytes[$0 + 1] == 0x4B && bytes[$0 + 2] == 5 && bytes[$0 + 3] == 6
        }
    }

    /// The little-endian number of `width` bytes at a position.
    func number(_ position: Int, _ width: Int) throws -> Int {
        guard position >= 0, position <= bytes.count - width else { throw ZipDirectory.damaged }
        let value = (0..<width).reduce(UInt64(0)) { $0 | UInt64(bytes[position + $1]) << UInt64(8 * $1) }
        guard let number = Int(exactly: value) else { throw ZipDirectory.damaged }
        return number
    }

    /// The number at `offset` behind a position that comes from the file.
    func number(_ base: Int, _ offset: Int, _ width: Int) throws -> Int {
        guard base >= 0, base <= bytes.count else { throw ZipDirectory.damaged }
        return try number(base + offset, width)
    }

    /// The member whose entry starts at `start`, and where the next entry starts.
    func member(at start: Int) throws -> (ZipDirectory.Member, next: Int) {
        guard try number(start, 4) == 0x0201_4B50 else { throw ZipDirectory.damaged }
        let nameLength = try number(start, 28, 2)
        let extraLength = try number(start, 30, 2)
        let commentLength = try number(start, 32, 2)
        let next = start + 46 + nameLength + extraLength + commentLength
        guard next <= bytes.count else { throw ZipDirectory.damaged }
        let extra = start + 46 + nameLength..<start + 46 + nameLength + extraLength
        let (size, stored, header) = try sizes(at: start, extra: extra)
        guard try number(header, 4) == 0x0403_4B50 else { throw ZipDirectory.damaged }
        let data = header + 30 + (try number(header, 26, 2)) + (try number(header, 28, 2))
        guard data <= bytes.count, stored <= bytes.count - data else { throw ZipDirectory.damaged }
        let name = String(decoding: bytes[start + 46..<start + 46 + nameLength], as: UTF8.self)
        let member = ZipDirectory.Member(
            name: name, method: try number(start, 10, 2), range: data..<data + stored, size: size,
            checksum: UInt32(truncatingIfNeeded: try number(start, 16, 4)))
        return (member, next)
    }

    /// Bytes after decompression, bytes in the archive, and where the member starts; those that do not fit 32 bits
    /// stand in the entry's extra field.
    private func sizes(at start: Int, extra: Range<Int>) throws -> (size: Int, stored: Int, header: Int) {
        var values = [try number(start, 24, 4), try number(start, 20, 4), try number(start, 42, 4)]
        guard values.contains(0xFFFF_FFFF) else { return (values[0], values[1], values[2]) }
        var position = extra.lowerBound
        while position + 4 <= extra.upperBound {
            let (kind, length) = (try number(position, 2), try number(position + 2, 2))
            position += 4
            guard kind == 1 else {
                position += length
                continue
            }
            for index in values.indices where values[index] == 0xFFFF_FFFF {
                values[index] = try number(position, 8)
                position += 8
            }
            break
        }
        return (values[0], values[1], values[2])
    }
}
