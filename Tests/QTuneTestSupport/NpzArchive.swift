package import QTuneTensor

/// The bytes of an archive as `numpy.savez` writes it, of `arrays` by name.
package func npzArchive(_ arrays: KeyValuePairs<String, Tensor>) throws -> [UInt8] {
    var members: [UInt8] = []
    var directory: [UInt8] = []
    for (name, tensor) in arrays {
        let content = try Npy.encode(tensor)
        let file = Array("\(name).npy".utf8)
        // Version, flags, method, time and date; checksum and sizes; lengths of the name and of the extra field.
        let entry =
            numbers([20, 0, 0, 0, 0x21], width: 2)
            + numbers([Int(checksum(content)), content.count, content.count], width: 4)
            + numbers([file.count, 0], width: 2)
        directory += numbers([0x0201_4B50], width: 4) + numbers([20], width: 2) + entry
        directory += numbers([0, 0, 0], width: 2) + numbers([0, members.count], width: 4) + file
        members += numbers([0x0403_4B50], width: 4) + entry + file + content
    }
    let end =
        numbers([0x0605_4B50], width: 4) + numbers([0, 0, arrays.count, arrays.count], width: 2)
        + numbers([directory.count, members.count], width: 4) + numbers([0], width: 2)
    return members + directory + end
}

/// Little-endian numbers of `width` bytes each.
private func numbers(_ values: [Int], width: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for value in values {
        for position in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * position))) }
    }
    return bytes
}

/// CRC-32 as zip archives have it.
private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var state = ~UInt32(0)
    for byte in bytes {
        state ^= UInt32(byte)
        for _ in 0..<8 { state = (state >> 1) ^ (state & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return ~state
}
