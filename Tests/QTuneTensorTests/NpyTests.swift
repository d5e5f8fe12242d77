import Foundation
import QTuneTensor
import QTuneTestSupport
import Testing

struct NpyTests {
    /// A file as NumPy writes it: the dictionary, then the bytes.
    static func file(_ dictionary: String, _ bytes: [UInt8], version: UInt8 = 1) -> [UInt8] {
        let length = dictionary.utf8.count
        let lengthBytes =
            version == 1
            ? [UInt8(length & 0xFF), UInt8(length >> 8)] : [UInt8(length & 0xFF), UInt8(length >> 8), 0, 0]
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + lengthBytes + Array(dictionary.utf8) + bytes
    }

    static func header(_ type: String, _ shape: String, fortran: String = "False") -> String {
        "{'descr': '\(type)', 'fortran_order': \(fortran), 'shape': \(shape), }          \n"
    }

    static let arrays: [([UInt8], Tensor)] = [
        (file(header("<f4", "(2,)"), [0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0]), Tensor([Float(1), -2.5])),
        (file(header(">f4", "(2,)"), [0x3F, 0xC0, 0, 0, 0xC0, 0, 0, 0]), Tensor([Float(1.5), -2])),
        (file(header("|u1", "()"), [7]), Tensor(scalar: UInt8(7))),
        (file(header("|u1", "(1, 2)"), [7, 8], version: 2), Tensor([UInt8(7), 8], shape: [1, 2])),
        (file(header("|b1", "(2, 1)"), [1, 0]), Tensor([true, false], shape: [2, 1])),
        (file(header("|b1", "(2,)"), [9, 0]), Tensor([true, false])),
        (file(header("<f8", "(0, 3)"), []), Tensor(zeros: .float64, shape: [0, 3])),
        (
            file(header("<i2", "(2, 3)", fortran: "True"), [0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5, 0]),
            Tensor([Int16(0), 1, 2, 3, 4, 5], shape: [2, 3])
        ),
        (
            file(header("<i1", "(2, 2, 2)", fortran: "True"), [0, 4, 2, 6, 1, 5, 3, 7]),
            Tensor([Int8(0), 1, 2, 3, 4, 5, 6, 7], shape: [2, 2, 2])
        ),
        (
            file(header("<U4", "()"), Array("NCHW".utf8).flatMap { [$0, 0, 0, 0] }),
            Tensor(strings: ["NCHW"], shape: .scalar)
        ),
        (
            file(
                header("<U2", "(3,)"),
                [0xE9, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + [97, 0, 0, 0, 98, 0, 0, 0]),
            Tensor(strings: ["é", "", "ab"], shape: [3])
        ),
        (
            file(header("<U1", "(2, 2)", fortran: "True"), [97, 0, 0, 0, 99, 0, 0, 0, 98, 0, 0, 0, 100, 0, 0, 0]),
            Tensor(strings: ["a", "b", "c", "d"], shape: [2, 2])
        ),
        (
            file(header(">U3", "(1,)"), [0, 0, 0, 0x78, 0, 1, 0xD1, 0x1E, 0, 0, 0, 0]),
            Tensor(strings: ["x\u{1D11E}"], shape: [1])
        ),
        (file("{'shape':(1,),'fortran_order':False,'descr':\"<i8\"}", [1, 0, 0, 0, 0, 0, 0, 0]), Tensor([Int64(1)])),
    ]

    @Test(arguments: arrays)
    func arraysOfNumPy(bytes: [UInt8], expected: Tensor) throws {
        #expect(try Npy.decode(bytes) == expected)
        for count in 0..<bytes.count {
            #expect(throws: QTuneError.self) { try Npy.decode(Array(bytes.prefix(count))) }
        }
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            var damaged = bytes
            damaged[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                in: .min ... .max, using: &generator)
            do { _ = try Npy.decode(damaged) } catch { #expect(error is QTuneError) }
        }
    }

    /// Complex numbers are swapped number by number.
    @Test func bigEndianComplexNumbers() throws {
        let tensor = try Npy.decode(Self.file(Self.header(">c8", "(1,)"), [0x3F, 0x80, 0, 0, 0x40, 0, 0, 0]))
        #expect(tensor.dtype == .complex64)
        #expect(tensor.withBytes { bytes in bytes.indices.map { bytes[$0] } } == [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    }

    @Test(arguments: [
        header("<U2", "(1,)"), header("<U0", "(99999999999,)"), header("<U", "(1,)"), header("<U-1", "(1,)"),
        header("<U9223372036854775807", "(1,)"), header("<U4611686018427387904", "(1,)"), header("|S1", "(1,)"),
        header("|O", "(1,)"), header("<f4", "(-1,)"), header("<f4", "(4611686018427387904,)"),
        header("<f4", "(99999999999999999999,)"), header("<f4", "(4294967296, 4294967296)"), header("<f4", "(1"), "{}",
        "",
        "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }", "{'descr': '<f4'}", header("", "(1,)"),
    ])
    func refusedHeaders(header: String) {
        #expect(throws: QTuneError.self) { try Npy.decode(Self.file(header, [0, 0, 0, 0])) }
    }

    @Test(
        arguments: [
            .float32, .float64, .float16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .bool,
            .complex64,
        ] as [DType])
    func writing(dtype: DType) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("qtune-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for shape in [[], [3], [0], [5, 7, 3]] as [Shape] {
            let tensor = Tensor(zeros: dtype, shape: shape)
            tensor.withMutableBytes { bytes in
                for index in bytes.indices {
                    bytes[index] = UInt8(truncatingIfNeeded: dtype == .bool ? index & 1 : index)
                }
            }
            let path = folder.appendingPathComponent("a.npy").path
            try Npy.write(tensor, to: path)
            #expect(try Npy.read(path: path) == tensor)
            #expect(try Npy.encode(tensor) == Array(Data(contentsOf: URL(fileURLWithPath: path))))
        }
    }

    /// The bytes that numpy.save writes for array([1.0], dtype=float32).
    @Test func bytesAreNumPys() throws {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"
        let padded = text + String(repeating: " ", count: 117 - text.utf8.count) + "\n"
        #expect(try Npy.encode(Tensor([Float(1)])) == Self.file(padded, [0, 0, 0x80, 0x3F]))
    }

    @Test func typesThatNumPyLacks() {
        for dtype in [.bfloat16, .int4, .string, .float8e5m2] as [DType] {
            #expect(throws: QTuneError.self) { try Npy.encode(Tensor(zeros: dtype, shape: [2])) }
        }
    }
}
