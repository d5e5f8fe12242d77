/// Encoded bytes, with numbers at any offset. Reading past the end is an error.
struct EncodedBytes {
    let bytes: [UInt8]
    /// Whether numbers are stored highest byte first.
    var isBigEndian = false

    func byte(at offset: Int) throws -> Int {
        guard bytes.indices.contains(offset) else { throw PictureFailure.damaged("it ends too early") }
        return Int(bytes[offset])
    }

    /// 16 bits, unsigned.
    func short(at offset: Int) throws -> Int {
        let (first, second) = (try byte(at: offset), try byte(at: offset + 1))
        return isBigEndian ? first << 8 | second : second << 8 | first
    }

    /// 32 bits, unsigned.
    func long(at offset: Int) throws -> Int {
        let (first, second) = (try short(at: offset), try short(at: offset + 2))
        return isBigEndian ? first << 16 | second : second << 16 | first
    }

    /// Throws where there are not `count` bytes from `offset` on.
    func check(_ count: Int, from offset: Int) throws {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
            throw PictureFailure.damaged("it ends too early")
        }
    }
}
