internal import COnnxProto

/// A message without the large pieces of its tensors, which stay where they are in the file.
///
/// Each piece that is left out becomes a number, in a field that no definition has: the index of the piece in `pieces`.
struct WireOutline {
    /// The largest number that a field may have. Files that use it themselves are refused.
    static let reservedField: UInt64 = (1 << 29) - 1
    /// Bytes from which on a piece is left out.
    private static let leastBytes = 1 << 16

    /// Where the pieces lie that are left out, in ascending order.
    private(set) var pieces: [Range<Int>] = []
    /// Ranges of the message with the bytes that take their place.
    private var edits: [(range: Range<Int>, replacement: [UInt8])] = []
    /// By how many bytes each open message became shorter.
    private var saved = [0]

    /// Begins a message inside the innermost one.
    mutating func open() { saved.append(0) }

    /// Ends the innermost message, which reaches to `end` and whose length is written at `length`.
    mutating func close(length: Range<Int>, end: Int) {
        // Nobody wrote down the length of the outermost.
        guard saved.count > 1 else { return }
        let bytes = saved.removeLast()
        guard bytes > 0 else { return }
        saved[saved.count - 1] += bytes
        // As many bytes as before: lengths of lengths would change further out.
        let shorter = UInt64(end - length.upperBound - bytes)
        edits.append((length, Self.varint(shorter, byteCount: length.count)))
    }

    /// Leaves out `piece` if it is large: the content of a field of the innermost message that starts at `field`.
    mutating func leave(_ piece: Range<Int>, field: Int) {
        guard piece.count >= Self.leastBytes else { return }
        let replacement =
            Self.varint(Self.reservedField << 3, byteCount: 5) + Self.varint(UInt64(pieces.count), byteCount: 5)
        edits.append((field..<piece.upperBound, replacement))
        saved[saved.count - 1] += piece.upperBound - field - replacement.count
        pieces.append(piece)
    }

    /// What is left of `message`.
    func applied(to message: UnsafeRawBufferPointer) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(message.count - saved[0])
        var position = 0
        for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            result += message[position..<edit.range.lowerBound]
            result += edit.replacement
            position = edit.range.upperBound
        }
        result += message[position...]
        return result
    }

    /// The piece that stands for the content of `base`'s large field; nil where it has none.
    func piece(of base: ProtobufCMessage) -> Range<Int>? {
        guard let fields = base.unknown_fields else { return nil }
        let all = UnsafeBufferPointer(start: fields, count: Int(base.n_unknown_fields))
        guard let field = all.last(where: { UInt64($0.tag) == Self.reservedField }) else { return nil }
        let index = UnsafeBufferPointer(start: field.data, count: field.data == nil ? 0 : field.len).enumerated()
            .reduce(0) { $0 | Int($1.element & 0x7F) << (7 * $1.offset) }
        return pieces.indices.contains(index) ? pieces[index] : nil
    }

    /// `value` in the format's variable length, drawn out to `byteCount` bytes, which are enough for it.
    private static func varint(_ value: UInt64, byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { index in
            UInt8(value >> UInt64(7 * index) & 0x7F) | (index + 1 < byteCount ? 0x80 : 0)
        }
    }
}
