import QTuneTensor

extension Tensor {
    /// The bits of each element of a type of at most 8 bits, packed types unpacked.
    var codes: [Int] {
        let bits = dtype.bitWidth
        guard (1...8).contains(bits) else { return [] }
        let mask = (1 << bits) - 1
        return withBytes { bytes in
            (0..<count).map { index in
                let (byte, shift) = (index * bits / 8, index * bits % 8)
                // Elements of 6 bits reach across the ends of bytes.
                let high = shift + bits > 8 ? Int(bytes[byte + 1]) << 8 : 0
                return (Int(bytes[byte]) | high) >> shift & mask
            }
        }
    }

    /// Writes the bits that `code` gives for each element of a type of at most 8 bits. Only for the tensor's maker.
    func packCodes(_ code: (Int) -> Int) {
        let bits = dtype.bitWidth
        let mask = (1 << bits) - 1
        withMutableBytes { bytes in
            // Bits that are not written yet, lowest first.
            var (pending, width, byte) = (0, 0, 0)
            for index in 0..<count {
                pending |= (code(index) & mask) << width
                width += bits
                while width >= 8 {
                    bytes[byte] = UInt8(truncatingIfNeeded: pending)
                    pending >>= 8
                    width -= 8
                    byte += 1
                }
            }
            if width > 0 { bytes[byte] = UInt8(truncatingIfNeeded: pending) }
        }
    }
}
