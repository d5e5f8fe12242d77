/// Arrays of texts as NumPy stores them: each text has as many code points of 32 bits as the longest, zeros after its end.
enum NpyText {
    /// Bytes of a character.
    static let characterWidth = 4

    /// The bytes of a text of `length` characters, a number in digits; nil where it is none, or 0: there is no end to
    /// texts that take no bytes.
    static func width(_ length: Substring) -> Int? {
        guard let length = Int(length), length > 0 else { return nil }
        let (bytes, overflows) = length.multipliedReportingOverflow(by: characterWidth)
        return overflows ? nil : bytes
    }

    /// The texts in little-endian `bytes`, of `width` bytes each.
    static func tensor(_ bytes: [UInt8], width: Int, shape: Shape) throws -> Tensor {
        let texts = try stride(from: 0, to: bytes.count, by: width).map { start in
            var text = String.UnicodeScalarView()
            for position in stride(from: start, to: start + width, by: characterWidth) {
                var code: UInt32 = 0
                for offset in (0..<characterWidth).reversed() { code = code << 8 | UInt32(bytes[position + offset]) }
                guard let character = UnicodeScalar(code) else {
                    throw QTuneError(.invalidData, "\(code) is no character", remedy: "write the file again")
                }
                text.append(character)
            }
            while text.last == "\0" { text.removeLast() }
            return String(text)
        }
        return Tensor(strings: texts, shape: shape)
    }
}
