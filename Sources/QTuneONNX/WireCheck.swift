internal import COnnxProto
internal import QTuneTensor

/// Walks a message in protobuf's wire format before it is unpacked, and throws where unpacking would be unsafe.
///
/// protobuf-c unpacks nested messages by recursion, so depth must be bounded first; it cuts strings at a NUL byte, so
/// that two names could become one; and it merges a message that is given twice, which no writer of models produces.
/// The walk itself neither recurses nor allocates more than its stack of open messages.
struct WireCheck {
    /// The limit of protobuf's own readers, so that any other reader could read what passes.
    static let maximumDepth = 100

    /// The field of a tensor's bytes.
    private static let rawData: UInt64 = 9

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var open: [OpenMessage] = []
    private var outline: WireOutline?

    private struct OpenMessage {
        let descriptor: UnsafePointer<ProtobufCMessageDescriptor>
        /// Where its length is written; empty for the outermost.
        var length = 0..<0
        let end: Int
        /// A bit for each field that holds a single message and was seen.
        var seen: UInt64 = 0
    }

    private init(_ bytes: UnsafeRawBufferPointer, outline: WireOutline?) {
        self.bytes = bytes
        self.outline = outline
    }

    /// Throws unless `bytes` are well-formed as the message that `descriptor` describes.
    static func check(
        _ bytes: UnsafeRawBufferPointer, as descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    ) throws {
        _ = try walk(bytes, as: descriptor, outline: nil)
    }

    /// The same, and where the large pieces of tensors lie that reading can leave in place.
    static func outline(
        _ bytes: UnsafeRawBufferPointer, as descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    ) throws -> WireOutline {
        try walk(bytes, as: descriptor, outline: WireOutline()) ?? WireOutline()
    }

    private static func walk(
        _ bytes: UnsafeRawBufferPointer, as descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        outline: WireOutline?
    ) throws -> WireOutline? {
        var check = WireCheck(bytes, outline: outline)
        check.open.append(OpenMessage(descriptor: descriptor, end: bytes.count))
        while let message = check.open.last {
            if check.position == message.end {
                check.outline?.close(length: message.length, end: message.end)
                check.open.removeLast()
            } else {
                try check.readField(of: message)
            }
        }
        return check.outline
    }

    private mutating func readField(of message: OpenMessage) throws {
        let start = position
        let key = try varint(before: message.end)
        let number = key >> 3
        guard number >= 1, number < 1 << 29, number != WireOutline.reservedField else {
            throw damaged("a field has the impossible number \(number)")
        }
        switch key & 7 {
        case 0: _ = try varint(before: message.end)
        case 1: try skip(8, before: message.end)
        case 5: try skip(4, before: message.end)
        case 2:
            let afterKey = position
            let length = try varint(before: message.end)
            guard length <= UInt64(message.end - position) else {
                throw damaged("a field of \(length) bytes reaches past the end of its message")
            }
            let end = position + Int(length)
            if outline != nil, number == Self.rawData, message.descriptor == Descriptors.tensor {
                outline?.leave(position..<end, field: start)
            }
            try enterOrSkip(field: UInt32(number), length: afterKey..<position, end: end)
        default: throw damaged("a field has the wire type \(key & 7), which the format does not have")
        }
    }

    /// Opens the field if it is a message, else steps over it.
    private mutating func enterOrSkip(field number: UInt32, length: Range<Int>, end: Int) throws {
        let top = open.count - 1
        guard let (index, field) = Self.find(number, in: open[top].descriptor) else {
            position = end
            return
        }
        switch field.type {
        case PROTOBUF_C_TYPE_MESSAGE:
            if field.label != PROTOBUF_C_LABEL_REPEATED {
                let bit = UInt64(1) << UInt64(index & 63)
                guard open[top].seen & bit == 0 else { throw damaged("the field '\(name(of: field))' is given twice") }
                open[top].seen |= bit
            }
            guard let descriptor = field.descriptor else { throw damaged("the field '\(name(of: field))' has no type") }
            guard open.count < Self.maximumDepth else {
                throw QTuneError(
                    .invalidModel, "messages are nested more than \(Self.maximumDepth) levels deep",
                    remedy: "flatten the model's sub-graphs; no reader of the format accepts this depth")
            }
            let nested = descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
            outline?.open()
            open.append(OpenMessage(descriptor: nested, length: length, end: end))
        case PROTOBUF_C_TYPE_STRING:
            guard !bytes[position..<end].contains(0) else {
                throw damaged("the text of the field '\(name(of: field))' contains a NUL byte")
            }
            position = end
        default: position = end
        }
    }

    private mutating func skip(_ count: Int, before end: Int) throws {
        guard count <= end - position else { throw damaged("a number is cut off") }
        position += count
    }

    private mutating func varint(before end: Int) throws -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        throw damaged("a number is cut off or longer than 64 bits")
    }

    private func name(of field: ProtobufCFieldDescriptor) -> String { field.name.map { String(cString: $0) } ?? "?" }

    private func damaged(_ message: String) -> QTuneError {
        QTuneError(
            .invalidModel, "\(message) (byte \(position) of \(bytes.count))",
            remedy: "the file is damaged or is not ONNX; fetch it again")
    }

    private static func find(
        _ number: UInt32, in descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    ) -> (index: Int, field: ProtobufCFieldDescriptor)? {
        let fields = UnsafeBufferPointer(start: descriptor.pointee.fields, count: Int(descriptor.pointee.n_fields))
        guard let index = fields.firstIndex(where: { $0.id == number }) else { return nil }
        return (index, fields[index])
    }
}
