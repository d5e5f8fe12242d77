internal import COnnxProto
internal import QTuneGraph

/// Text of a message; empty where the field is absent. Bytes that are not UTF-8 become replacement characters.
func text(_ field: UnsafePointer<CChar>?) -> String { field.map { String(cString: $0) } ?? "" }

/// The texts of a repeated field.
func texts(_ count: Int, _ fields: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String] {
    UnsafeBufferPointer(start: fields, count: fields == nil ? 0 : count).map { text($0) }
}

/// The numbers of a repeated field.
func numbers<Number>(_ count: Int, _ fields: UnsafeMutablePointer<Number>?) -> [Number] {
    Array(UnsafeBufferPointer(start: fields, count: fields == nil ? 0 : count))
}

/// The messages of a repeated field.
func messages<Message>(
    _ count: Int, _ fields: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?
) -> [UnsafeMutablePointer<Message>] {
    UnsafeBufferPointer(start: fields, count: fields == nil ? 0 : count).compactMap { $0 }
}

/// The bytes of a field.
func byteArray(_ field: ProtobufCBinaryData) -> [UInt8] {
    Array(UnsafeBufferPointer(start: field.data, count: field.data == nil ? 0 : field.len))
}

/// A dictionary of a repeated field of pairs; of two pairs with one key the later counts.
func dictionary(
    _ count: Int, _ fields: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__StringStringEntryProto>?>?
) -> [String: String] {
    var result: [String: String] = [:]
    for entry in messages(count, fields) { result[text(entry.pointee.key)] = text(entry.pointee.value) }
    return result
}

extension UninterpretedFields {
    /// The fields of a message that its definition does not have.
    init(unknownIn base: ProtobufCMessage) {
        self.init()
        guard let fields = base.unknown_fields else { return }
        for field in UnsafeBufferPointer(start: fields, count: Int(base.n_unknown_fields))
        where UInt64(field.tag) != WireOutline.reservedField {
            append(UInt64(field.tag) << 3 | UInt64(field.wire_type.rawValue & 7))
            bytes.append(contentsOf: UnsafeBufferPointer(start: field.data, count: field.data == nil ? 0 : field.len))
        }
    }

    /// Adds a field that holds a message, as the message would be written.
    mutating func append<Message>(_ number: Int, message: UnsafeMutablePointer<Message>) {
        let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
        let size = protobuf_c_message_get_packed_size(base)
        append(UInt64(number) << 3 | 2)
        append(UInt64(size))
        bytes += [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = protobuf_c_message_pack(base, buffer.baseAddress)
        }
    }

    /// Adds a field that holds a text; nothing for an absent one.
    mutating func append(_ number: Int, text field: UnsafePointer<CChar>?) {
        guard let field else { return }
        let content = String(cString: field).utf8
        append(UInt64(number) << 3 | 2)
        append(UInt64(content.count))
        bytes += content
    }

    /// Adds a number in the format's variable length.
    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// What protobuf-c needs to know of a message to read it. An initialized message refers to it, which is the one way to
/// its address that Swift leaves stable.
enum Descriptors {
    typealias Descriptor = UnsafePointer<ProtobufCMessageDescriptor>

    static var model: Descriptor? {
        var message = Onnx__ModelProto()
        onnx__model_proto__init(&message)
        return message.base.descriptor
    }

    static var tensor: Descriptor? {
        var message = Onnx__TensorProto()
        onnx__tensor_proto__init(&message)
        return message.base.descriptor
    }

    static var sequence: Descriptor? {
        var message = Onnx__SequenceProto()
        onnx__sequence_proto__init(&message)
        return message.base.descriptor
    }

    static var map: Descriptor? {
        var message = Onnx__MapProto()
        onnx__map_proto__init(&message)
        return message.base.descriptor
    }

    static var optional: Descriptor? {
        var message = Onnx__OptionalProto()
        onnx__optional_proto__init(&message)
        return message.base.descriptor
    }
}
