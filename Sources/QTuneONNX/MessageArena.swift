internal import COnnxProto
internal import QTuneGraph
internal import QTuneTensor

/// Memory for messages that are being put together, in the structures that protobuf-c writes; freed all at once.
///
/// Messages refer to the bytes of tensors without copying them, so the tensors must outlive the writing.
final class MessageArena {
    private var blocks: [UnsafeMutableRawPointer] = []

    deinit {
        for block in blocks { block.deallocate() }
    }

    /// An array in the arena; nil for an empty one, as protobuf-c has it.
    func array<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element>? {
        guard !elements.isEmpty else { return nil }
        let block = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
        block.initialize(from: elements, count: elements.count)
        blocks.append(UnsafeMutableRawPointer(block))
        return block
    }

    /// A message in the arena.
    func message<Message>(_ message: Message) -> UnsafeMutablePointer<Message> {
        let block = UnsafeMutablePointer<Message>.allocate(capacity: 1)
        block.initialize(to: message)
        blocks.append(UnsafeMutableRawPointer(block))
        return block
    }

    /// The pointers to messages that a repeated field takes.
    func list<Message>(
        _ messages: [UnsafeMutablePointer<Message>]
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<Message>?>? {
        array(messages.map { $0 })
    }

    /// The text of an optional field; nil, which leaves the field out, for an empty one.
    func text(_ text: String) throws -> UnsafeMutablePointer<CChar>? { text.isEmpty ? nil : try anyText(text) }

    /// The texts of a repeated field.
    func texts(_ texts: [String]) throws -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        array(try texts.map { try anyText($0) })
    }

    /// Bytes of a field that is written even if they are none.
    func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData { ProtobufCBinaryData(len: bytes.count, data: array(bytes)) }

    /// Pairs in the order of their keys.
    func pairs(
        _ entries: [String: String]
    ) throws -> UnsafeMutablePointer<UnsafeMutablePointer<Onnx__StringStringEntryProto>?>? {
        list(try entries.sorted { $0.key < $1.key }.map { try pair($0.key, $0.value) })
    }

    func pair(_ key: String, _ value: String) throws -> UnsafeMutablePointer<Onnx__StringStringEntryProto> {
        var entry = Onnx__StringStringEntryProto()
        onnx__string_string_entry_proto__init(&entry)
        entry.key = try anyText(key)
        entry.value = try anyText(value)
        return message(entry)
    }

    /// Lets `base`, the head of a message, be written with `fields` behind its own.
    func attach(_ fields: UninterpretedFields, to base: inout ProtobufCMessage) throws {
        let unknown = try fields.parsed(in: self)
        base.n_unknown_fields = UInt32(unknown.count)
        base.unknown_fields = array(unknown)
    }

    private func anyText(_ text: String) throws -> UnsafeMutablePointer<CChar>? {
        var content = text.utf8.map { CChar(bitPattern: $0) }
        guard !content.contains(0) else {
            throw QTuneError(
                .invalidArgument, "the text '\(text)' contains a NUL character, which the file format has no place for")
        }
        content.append(0)
        return array(content)
    }
}

extension UninterpretedFields {
    /// The fields one by one.
    fileprivate func parsed(in arena: MessageArena) throws -> [ProtobufCMessageUnknownField] {
        var rest = bytes[...]
        var fields: [ProtobufCMessageUnknownField] = []
        while !rest.isEmpty {
            let key = try Self.varint(&rest)
            let start = rest
            switch key & 7 {
            case 0: _ = try Self.varint(&rest)
            case 1: rest = rest.dropFirst(8)
            case 5: rest = rest.dropFirst(4)
            case 2:
                let length = try Self.varint(&rest)
                guard length <= UInt64(rest.count) else { throw Self.damaged }
                rest = rest.dropFirst(Int(length))
            default: throw Self.damaged
            }
            let data = Array(start[start.startIndex..<rest.startIndex])
            fields.append(
                ProtobufCMessageUnknownField(
                    tag: UInt32(truncatingIfNeeded: key >> 3),
                    wire_type: ProtobufCWireType(rawValue: UInt32(key & 7)), len: data.count, data: arena.array(data)))
        }
        return fields
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = rest.popFirst(), shift < 64 {
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        throw damaged
    }

    private static var damaged: QTuneError {
        QTuneError(.internalError, "fields that were kept from a file are not well-formed")
    }
}
