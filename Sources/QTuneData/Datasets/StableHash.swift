internal import QTuneTensor

/// A 64-bit FNV-1a hash that is the same in every process, for names and keys; no protection against forgery.
public struct StableHash: Hashable, Sendable {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    public init() {}

    /// The hash of texts, kept apart from one another.
    public init(_ texts: some Sequence<String>) {
        for text in texts {
            update(text.utf8)
            update(0)
        }
    }

    public mutating func update(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { update(byte) }
    }

    /// - Precondition: The tensor holds no strings.
    mutating func update(_ tensor: Tensor) {
        tensor.withBytes { bytes in
            for index in bytes.indices { update(bytes[index]) }
        }
    }

    public mutating func update(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }

    /// Sixteen hexadecimal digits.
    public var text: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
