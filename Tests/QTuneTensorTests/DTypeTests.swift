import Foundation
import QTuneTensor
import Testing

struct DTypeTests {
    /// Number of the standard, name, bits, range of integers.
    static let types: [(Int32, String, Int, ClosedRange<Int>?)] = [
        (1, "float32", 32, nil), (2, "uint8", 8, 0...255), (3, "int8", 8, -128...127), (4, "uint16", 16, 0...65_535),
        (5, "int16", 16, -32_768...32_767), (6, "int32", 32, -2_147_483_648...2_147_483_647),
        (7, "int64", 64, Int.min...Int.max), (8, "string", 0, nil), (9, "bool", 8, nil), (10, "float16", 16, nil),
        (11, "float64", 64, nil), (12, "uint32", 32, 0...4_294_967_295), (13, "uint64", 64, nil),
        (14, "complex64", 64, nil), (15, "complex128", 128, nil), (16, "bfloat16", 16, nil),
        (17, "float8e4m3fn", 8, nil), (18, "float8e4m3fnuz", 8, nil), (19, "float8e5m2", 8, nil),
        (20, "float8e5m2fnuz", 8, nil), (21, "uint4", 4, 0...15), (22, "int4", 4, -8...7), (23, "float4e2m1", 4, nil),
        (24, "float8e8m0", 8, nil), (25, "uint2", 2, 0...3), (26, "int2", 2, -2...1),
        (27, "float6e2m3", 6, nil), (28, "float6e3m2", 6, nil),
    ]

    @Test func everyTypeIsInTheTable() {
        #expect(Self.types.map { $0.0 } == DType.allCases.map(\.rawValue))
    }

    @Test(arguments: types)
    func numbersNamesAndWidths(number: Int32, name: String, bits: Int, range: ClosedRange<Int>?) throws {
        let type = try #require(DType(rawValue: number))
        #expect(type.name == name)
        #expect("\(type)" == name)
        #expect(DType(name: name) == type)
        #expect(type.bitWidth == bits)
        #expect(type.integerRange == range)
        #expect(type.isInteger == (name.contains("int")))
        #expect(type.isFloatingPoint == (name.contains("float")))
        let json = try JSONEncoder().encode([type])
        #expect(String(decoding: json, as: UTF8.self) == "[\"\(name)\"]")
        #expect(try JSONDecoder().decode([DType].self, from: json) == [type])
    }

    @Test(arguments: ["", "Float32", "float", "float32 ", "int", "undefined"])
    func namesOfNoType(name: String) {
        #expect(DType(name: name) == nil)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([DType].self, from: Data("[\"\(name)\"]".utf8)) }
    }

    @Test(
        arguments: [
            (.uint2, 0, 0), (.uint2, 1, 1), (.int2, 4, 1), (.int2, 5, 2), (.float4e2m1, 1, 1), (.int4, 2, 1),
            (.uint4, 3, 2), (.bool, 3, 3), (.bfloat16, 3, 6), (.complex128, 2, 32), (.string, 9, 0),
            (.int8, .max / 8, .max / 8), (.int8, .max / 8 + 1, nil), (.complex128, .max / 128 + 1, nil),
            (.int2, .max / 2, nil), (.float64, .max, nil), (.string, .max, 0),
        ] as [(DType, Int, Int?)])
    func byteCounts(type: DType, elements: Int, bytes: Int?) {
        #expect(type.byteCount(elements: elements) == bytes)
    }
}
