import QTuneTensor

extension Tensor {
    /// The bits of each element of a type of at most 8 bits, packed types unpacked.
    var codes: [Int] {
        let bits = dtype.bitWidth
        guard (1...8).contains(bits) else { return [] }
        let perByte = 8 / bits
        let mask = (1 << bits) - 1
        return withBytes { bytes in
            (0..<count).map { (Int(bytes[$0 / perByte]) >> ($0 % perByte * bits)) & mask }
        }
    }

    /// Writes the bits that `code` gives for each element of a type of at most 8 bits. Only for the tensor's maker.
    func packCodes(_ code: (Int) -> Int) {
        let bits = dtype.bitWidth
        let perByte = 8 / bits
        let mask = (1 << bits) - 1
        withMutableBytes { bytes in
            for byte in 0..<bytes.count {
                var packed = 0
                for slot in 0..<perByte where byte * perByte + slot < count {
                    packed |= (code(byte * perByte + slot) & mask) << (slot * bits)
                }
                bytes[byte] = UInt8(truncatingIfNeeded: packed)
            }
        }
    }
}
