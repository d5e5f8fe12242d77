/// Protobuf's wire format written by hand, so that tests need not trust the code that they test.
enum Wire {
    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func number(_ field: UInt64, _ value: Int64) -> [UInt8] {
        varint(field << 3) + varint(UInt64(bitPattern: value))
    }

    static func bytes(_ field: UInt64, _ content: [UInt8]) -> [UInt8] {
        varint(field << 3 | 2) + varint(UInt64(content.count)) + content
    }

    static func text(_ field: UInt64, _ content: String) -> [UInt8] { bytes(field, Array(content.utf8)) }

    static func packed(_ field: UInt64, _ values: [Int64]) -> [UInt8] {
        bytes(field, values.flatMap { varint(UInt64(bitPattern: $0)) })
    }

    static func pair(_ field: UInt64, _ key: String, _ value: String) -> [UInt8] {
        bytes(field, text(1, key) + text(2, value))
    }

    /// A graph called g with one node y = Identity(x), with `graph` in front of its fields.
    static func model(graph: [UInt8] = [], node: [UInt8] = [], ir: Int64 = 8, model: [UInt8] = []) -> [UInt8] {
        let identity = bytes(1, text(1, "x") + text(2, "y") + text(4, "Identity") + node)
        let declarations = bytes(11, text(1, "x")) + bytes(12, text(1, "y"))
        return number(1, ir) + bytes(8, number(2, 13)) + bytes(7, graph + identity + text(2, "g") + declarations)
            + model
    }

    /// A model whose initializer `w` has these fields besides its name.
    static func model(tensor: [UInt8]) -> [UInt8] { model(graph: bytes(5, text(8, "w") + tensor)) }
}
