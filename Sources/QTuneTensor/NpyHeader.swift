/// What stands before the elements in a `.npy` file: a signature, and a Python dictionary in text.
struct NpyHeader {
    let dtype: DType
    /// Bytes of one element.
    let width: Int
    let shape: Shape
    let isFortranOrder: Bool
    let isBigEndian: Bool
    /// Where the elements start.
    let dataOffset: Int

    /// Elements in the order and byte order in which tensors hold them.
    var isPlain: Bool { !isBigEndian && (!isFortranOrder || shape.rank < 2) && dtype != .string }

    /// Bytes of a number, of which a complex element has two and a text one for each character.
    var swapWidth: Int {
        switch dtype {
        case .complex64, .complex128: width / 2
        case .string: NpyText.characterWidth
        default: width
        }
    }

    /// Bytes of all elements; nil where that is no number.
    var byteCount: Int? {
        let (bytes, overflows) = shape.elementCount.multipliedReportingOverflow(by: width)
        return overflows ? nil : bytes
    }

    private static let signature: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// NumPy's names of the types, without the byte order.
    private static let names: [String: DType] = [
        "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
        "u1": .uint8,
        "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool, "c8": .complex64, "c16": .complex128,
    ]

    init(_ bytes: UnsafeRawBufferPointer) throws {
        guard bytes.starts(with: Self.signature), bytes.count >= 10 else {
            throw QTuneError(.invalidData, "this is not a .npy file", remedy: "write arrays with numpy.save")
        }
        let version = bytes[6]
        guard (1...3).contains(version) else {
            throw QTuneError(.unsupported, "version \(version) of the .npy format is not known")
        }
        let lengthBytes = version == 1 ? 2 : 4
        let start = 8 + lengthBytes
        guard bytes.count >= start else { throw Self.damaged }
        let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
        guard length <= bytes.count - start else { throw Self.damaged }
        dataOffset = start + length
        var parser = NpyDictionary(bytes[start..<start + length])
        try parser.parse()
        guard let descriptor = parser.descriptor, let lengths = parser.shape, let order = parser.isFortranOrder else {
            throw Self.damaged
        }
        guard let shape = Shape(checking: lengths) else {
            throw QTuneError(.invalidData, "the shape \(lengths) is negative or too large")
        }
        (self.shape, isFortranOrder) = (shape, order)
        guard let byteOrder = descriptor.first, "<>|=".contains(byteOrder),
            let (dtype, width) = Self.element(descriptor.dropFirst())
        else {
            throw QTuneError(
                .unsupported, "the element type '\(descriptor)' is not supported",
                remedy: "convert the array to a type of numbers, float32 for example")
        }
        (self.dtype, self.width) = (dtype, width)
        isBigEndian = byteOrder == ">"
    }

    /// The type that NumPy calls `name`, and the bytes of an element.
    private static func element(_ name: Substring) -> (DType, width: Int)? {
        if name.first == "U" { return NpyText.width(name.dropFirst()).map { (.string, $0) } }
        return names[String(name)].map { ($0, $0.bitWidth / 8) }
    }

    /// A header of version 1, padded so that the elements start on a multiple of 64 bytes.
    static func encode(_ dtype: DType, _ shape: Shape) throws -> [UInt8] {
        guard let name = names.first(where: { $0.value == dtype })?.key else {
            throw QTuneError(
                .unsupported, "NumPy has no element type \(dtype)", remedy: "convert the tensor, to float32 for example"
            )
        }
        let order = dtype.bitWidth == 8 ? "|" : "<"
        let lengths = shape.dimensions.map(String.init).joined(separator: ", ") + (shape.rank == 1 ? "," : "")
        let text = "{'descr': '\(order)\(name)', 'fortran_order': False, 'shape': (\(lengths)), }"
        let used = signature.count + 4 + text.utf8.count + 1
        let padding = (64 - used % 64) % 64
        let length = text.utf8.count + padding + 1
        guard length <= UInt16.max else {
            throw QTuneError(.unsupported, "a shape of \(shape.rank) axes does not fit the .npy format")
        }
        return signature + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
            + [UInt8](repeating: 0x20, count: padding) + [0x0A]
    }

    static var damaged: QTuneError {
        QTuneError(.invalidData, "the header of the .npy file is damaged", remedy: "write the file again")
    }
}

/// The dictionary of a header: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
private struct NpyDictionary {
    var descriptor: String?
    var isFortranOrder: Bool?
    var shape: [Int]?
    private var rest: Slice<UnsafeRawBufferPointer>

    init(_ text: Slice<UnsafeRawBufferPointer>) { rest = text }

    mutating func parse() throws {
        try expect("{")
        while !accept("}") {
            let key = try quoted()
            try expect(":")
            switch key {
            case "descr":
                guard peek() != "[" else {
                    throw QTuneError(
                        .unsupported, "the array is of a structured type", remedy: "save each of its fields as an array"
                    )
                }
                descriptor = try quoted()
            case "fortran_order": isFortranOrder = try word() == "True"
            case "shape": shape = try tuple()
            default: throw NpyHeader.damaged
            }
            if !accept(",") {
                try expect("}")
                break
            }
        }
    }

    private mutating func peek() -> Character? {
        while let byte = rest.first, byte == 0x20 || byte == 0x0A { rest.removeFirst() }
        return rest.first.map { Character(UnicodeScalar($0)) }
    }

    private mutating func accept(_ character: Character) -> Bool {
        guard peek() == character else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func expect(_ character: Character) throws {
        guard accept(character) else { throw NpyHeader.damaged }
    }

    private mutating func quoted() throws -> String {
        let quote: Character = peek() == "\"" ? "\"" : "'"
        try expect(quote)
        guard let end = rest.firstIndex(of: quote.asciiValue ?? 0) else { throw NpyHeader.damaged }
        defer { rest = rest[rest.index(after: end)...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    private mutating func word() throws -> String {
        _ = peek()
        let letters = rest.prefix { Character(UnicodeScalar($0)).isLetter || Character(UnicodeScalar($0)).isNumber }
        guard !letters.isEmpty else { throw NpyHeader.damaged }
        rest = rest[letters.endIndex...]
        return String(decoding: letters, as: UTF8.self)
    }

    private mutating func tuple() throws -> [Int] {
        var lengths: [Int] = []
        try expect("(")
        while !accept(")") {
            guard let length = Int(try word()) else { throw NpyHeader.damaged }
            lengths.append(length)
            if !accept(",") {
                try expect(")")
                break
            }
        }
        return lengths
    }
}
