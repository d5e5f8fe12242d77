import QTuneGraph
import QTuneONNX
import QTuneTensor
import Testing

/// Tensors as other writers lay them out: in the list of their type rather than as bytes.
struct TensorMessageTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let dtype: DType
        let shape: Shape
        let fields: [UInt8]
        let bytes: [UInt8]
        var testDescription: String { "\(dtype)\(shape)" }
    }

    static let floats: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0]  // 1, -2.5
    static let doubles: [UInt8] = [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0x04, 0xC0]

    static let cases: [Case] = [
        Case(dtype: .float32, shape: [2], fields: Wire.bytes(4, floats), bytes: floats),
        Case(dtype: .complex64, shape: [1], fields: Wire.bytes(4, floats), bytes: floats),
        Case(dtype: .float64, shape: [2], fields: Wire.bytes(10, doubles), bytes: doubles),
        Case(dtype: .complex128, shape: [1], fields: Wire.bytes(10, doubles), bytes: doubles),
        Case(
            dtype: .int32, shape: [3], fields: Wire.packed(5, [1, -2, 1 << 31 - 1]),
            bytes: [1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
        // Not packed: a field for each number.
        Case(
            dtype: .int32, shape: [2], fields: Wire.number(5, 1) + Wire.number(5, -1),
            bytes: [1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]),
        Case(dtype: .int8, shape: [3], fields: Wire.packed(5, [1, -2, -128]), bytes: [1, 0xFE, 0x80]),
        Case(dtype: .uint8, shape: [3], fields: Wire.packed(5, [1, 200, 255]), bytes: [1, 200, 255]),
        Case(dtype: .int16, shape: [2], fields: Wire.packed(5, [-2, 300]), bytes: [0xFE, 0xFF, 0x2C, 1]),
        Case(dtype: .uint16, shape: [2], fields: Wire.packed(5, [65535, 1]), bytes: [0xFF, 0xFF, 1, 0]),
        Case(dtype: .bool, shape: [3], fields: Wire.packed(5, [1, 0, 1]), bytes: [1, 0, 1]),
        Case(dtype: .float16, shape: [2], fields: Wire.packed(5, [0x3C00, 0xC000]), bytes: [0, 0x3C, 0, 0xC0]),
        Case(dtype: .bfloat16, shape: [1], fields: Wire.packed(5, [0x3F80]), bytes: [0x80, 0x3F]),
        Case(dtype: .float8e4m3fn, shape: [2], fields: Wire.packed(5, [0x38, 0xB8]), bytes: [0x38, 0xB8]),
        // Three elements of four bits: two numbers, each a byte of two elements.
        Case(dtype: .int4, shape: [3], fields: Wire.packed(5, [0x21, 0x0F]), bytes: [0x21, 0x0F]),
        Case(dtype: .uint2, shape: [5], fields: Wire.packed(5, [0xE4, 0x01]), bytes: [0xE4, 0x01]),
        Case(
            dtype: .int64, shape: [2], fields: Wire.packed(7, [-2, 5]),
            bytes: [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 5, 0, 0, 0, 0, 0, 0, 0]),
        Case(dtype: .uint64, shape: [1], fields: Wire.packed(11, [-1]), bytes: [UInt8](repeating: 0xFF, count: 8)),
        Case(
            dtype: .uint32, shape: [2], fields: Wire.packed(11, [0xFFFF_FFFF, 7]),
            bytes: [255, 255, 255, 255, 7, 0, 0, 0]),
        // Bytes of a bool other than 0 and 1 are made 1.
        Case(dtype: .bool, shape: [3], fields: Wire.bytes(9, [2, 0, 255]), bytes: [1, 0, 1]),
        Case(dtype: .uint8, shape: [0], fields: [], bytes: []),
    ]

    @Test(arguments: cases)
    func lists(_ test: Case) throws {
        let dimensions = test.shape.dimensions.flatMap { Wire.number(1, Int64($0)) }
        let message = dimensions + Wire.number(2, Int64(test.dtype.rawValue)) + test.fields
        let tensor = try #require(ModelReader.read(bytes: Wire.model(tensor: message)).graph.initializers["w"])
        #expect(tensor.dtype == test.dtype)
        #expect(tensor.shape == test.shape)
        #expect(tensor.withBytes { bytes in bytes.indices.map { bytes[$0] } } == test.bytes)
    }

    @Test func strings() throws {
        let message = Wire.number(1, 2) + Wire.number(2, 8) + Wire.text(6, "é") + Wire.text(6, "")
        let tensor = try #require(ModelReader.read(bytes: Wire.model(tensor: message)).graph.initializers["w"])
        #expect(tensor.strings == ["é", ""])
    }

    @Test func largeListsAreTakenOver() throws {
        let numbers = (0..<5000).map { Int64($0 * 37 - 9000) }
        let message = Wire.number(1, 5000) + Wire.number(2, 7) + Wire.packed(7, numbers)
        let tensor = try #require(ModelReader.read(bytes: Wire.model(tensor: message)).graph.initializers["w"])
        #expect(tensor.array(of: Int64.self) == numbers)
        let address = try #require(tensor.storage).base
        #expect(Int(bitPattern: address) % TensorStorage.alignment == 0)
    }

    /// Tensors that must not load, and a word that the message must have.
    static let damaged: [(String, [UInt8])] = [
        ("element type", Wire.number(1, 1) + Wire.bytes(9, [1])),
        ("99", Wire.number(2, 99) + Wire.bytes(9, [1])),
        ("negative", Wire.number(1, -1) + Wire.number(2, 2) + Wire.bytes(9, [1])),
        ("0 numbers", Wire.number(1, 100_000) + Wire.number(1, 100_000) + Wire.number(2, 1)),
        ("too large", Wire.number(1, 1 << 40) + Wire.number(1, 1 << 40) + Wire.number(2, 1)),
        ("more bytes", Wire.number(1, 1 << 62) + Wire.number(2, 1)),
        ("3 bytes", Wire.number(1, 1) + Wire.number(2, 1) + Wire.bytes(9, [1, 2, 3])),
        ("twice", Wire.number(2, 2) + Wire.bytes(9, [1]) + Wire.packed(5, [1])),
        ("1 numbers", Wire.number(1, 2) + Wire.number(2, 6) + Wire.packed(5, [1])),
        ("0 numbers", Wire.number(2, 1) + Wire.packed(7, [1])),
        ("0 strings", Wire.number(2, 8) + Wire.bytes(9, [65])),
        ("UTF-8", Wire.number(2, 8) + Wire.bytes(6, [0xFF])),
        ("segments", Wire.number(2, 2) + Wire.bytes(9, [1]) + Wire.bytes(3, Wire.number(1, 0))),
        ("other files", Wire.number(2, 2) + Wire.number(14, 1) + Wire.pair(13, "location", "a")),
    ]

    @Test(arguments: damaged)
    func damagedTensors(word: String, message: [UInt8]) throws {
        let error = try #require(throws: QTuneError.self) { try ModelReader.read(bytes: Wire.model(tensor: message)) }
        #expect(error.description.contains(word), "\(error)")
        #expect(error.place.contains("tensor 'w'"), "\(error)")
    }
}
