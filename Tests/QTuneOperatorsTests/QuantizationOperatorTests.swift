import QTuneGraph
import QTuneTensor
import Testing

@Suite struct QuantizationOperatorTests {
    private let one = Tensor(scalar: Float(1))

    @Test func roundsHalfToEvenAndSaturates() throws {
        let x = float32([-1.5, -0.5, 0.5, 1.5, 2.5, 300, -300, .infinity, -.infinity], [9])
        let unsigned = try evaluateNode("QuantizeLinear", [:], [x, one, Tensor(scalar: UInt8(128))])
        #expect(unsigned[0].array(of: UInt8.self) == [126, 128, 128, 130, 130, 255, 0, 255, 0])
        let signed = try evaluateNode("QuantizeLinear", [:], [x, one, Tensor(scalar: Int8(-1))])
        #expect(signed[0].array(of: Int8.self) == [-3, -1, -1, 1, 1, 127, -128, 127, -128])
        let narrow = try evaluateNode("QuantizeLinear", ["output_dtype": .int(22)], [x, one])
        #expect(narrow[0].integers == [-2, 0, 0, 2, 2, 7, -8, 7, -8])
    }

    @Test func scalesSlicesAndBlocks() throws {
        let x = float32([1, 2, 3, 4, 5, 6], [2, 3])
        let slices = try evaluateNode(
            "QuantizeLinear", ["axis": .int(0)], [x, float32([1, 2], [2]), Tensor([UInt8(0), 10])])
        #expect(slices[0].array(of: UInt8.self) == [1, 2, 3, 12, 12, 13])
        let blocks = try evaluateNode(
            "QuantizeLinear", ["axis": .int(1), "block_size": .int(2)],
            [x, float32([1, 3, 2, 6], [2, 2]), Tensor(zeros: .int8, shape: [2, 2])])
        #expect(blocks[0].array(of: Int8.self) == [1, 2, 1, 2, 2, 1])
        let back = try evaluateNode(
            "DequantizeLinear", ["axis": .int(-1)],
            [Tensor([Int8(1), -2], shape: [1, 2]), float32([0.5, 4], [2]), Tensor([Int8(1), 1])])
        #expect(agrees(back[0], [0, -12]))
    }

    /// 31.546875 / 0.798828125 is 39.49 in float32 and rounds up to 39.5 in float16.
    @Test func dividesInThePrecisionOfTheScaleOrAsAsked() throws {
        let (x, scale) = (Tensor([Float16(31.546875)]), Tensor(scalar: Float16(0.798828125)))
        let half = try evaluateNode("QuantizeLinear", opset: 23, [:], [x, scale])
        #expect(half[0].array(of: UInt8.self) == [40])
        let single = try evaluateNode("QuantizeLinear", opset: 23, ["precision": .int(1)], [x, scale])
        #expect(single[0].array(of: UInt8.self) == [39])
    }

    /// The codes are those of the OCP formats, worked out with ml_dtypes.
    private static let sixBitCases: [(type: Int64, codes: [UInt32], values: [Float])] = [
        (27, [0, 32, 0, 2, 8, 63, 31, 31, 63, 2, 26], [0, 0, 0, 0.25, 1, -7.5, 7.5, 7.5, -7.5, 0.25, 5]),
        (
            28, [0, 32, 1, 3, 12, 56, 31, 31, 63, 5, 21],
            [0, 0, 0.0625, 0.1875, 1, -8, 28, 28, -28, 0.3125, 5]
        ),
    ]

    @Test(arguments: sixBitCases) func castsToFloatsOfSixBits(_ type: Int64, _ codes: [UInt32], _ values: [Float])
        throws
    {
        let x = float32([0, -0.0, 0.0625, 0.19, 1.0625, -7.5, 28, 100, -30, 0.3, 5.25], [11])
        let narrow = try evaluateNode("Cast", opset: 28, ["to": .int(type)], [x])[0]
        // Four elements take three bytes.
        var bits: [UInt32] = []
        narrow.withBytes { bytes in
            #expect(bytes.count == 9)
            for index in 0..<11 {
                let shift = index * 6
                let low = UInt32(bytes[shift / 8]) >> UInt32(shift % 8)
                let high = shift % 8 > 2 ? UInt32(bytes[shift / 8 + 1]) << UInt32(8 - shift % 8) : 0
                bits.append((low | high) & 63)
            }
        }
        #expect(bits == codes)
        #expect(try evaluateNode("Cast", opset: 28, ["to": .int(1)], [narrow])[0].array(of: Float.self) == values)
        let second = try evaluateNode("Slice", [:], [narrow, ints([3]), ints([5])])[0]
        #expect(agrees(try evaluateNode("Cast", opset: 28, ["to": .int(1)], [second])[0], Array(values[3..<5])))
    }

    @Test func findsItsOwnRange() throws {
        let result = try evaluateNode("DynamicQuantizeLinear", [:], [float32([-1, 0, 4.1], [3])], outputs: 3)
        #expect(agrees(result[1], [0.02], tolerance: 1e-7))
        #expect(result[2].array(of: UInt8.self) == [50])
        #expect(result[0].array(of: UInt8.self) == [0, 50, 255])
        let zeros = try evaluateNode("DynamicQuantizeLinear", [:], [float32([0, 0], [2])], outputs: 3)
        #expect(zeros[0].array(of: UInt8.self) == [0, 0])
    }

    /// Sums 2 * 3 + 4 * 5 + 1 = 27 and, for the other channel, 27 - 2 * 26 + ... by hand; scales halve and round to
    /// even.
    @Test func convolvesIntegers() throws {
        let x = Tensor([UInt8(12), 14], shape: [1, 2, 1, 1])
        let w = Tensor([Int8(3), 5, -3, -5], shape: [2, 2, 1, 1])
        let result = try evaluateNode(
            "QLinearConv", [:],
            [
                x, one, Tensor(scalar: UInt8(10)), w, float32([0.5, 1], [2]), Tensor([Int8(0), 0]), one,
                Tensor(scalar: UInt8(20)), Tensor([Int32(1), 0]),
            ])
        // 27 * 0.5 = 13.5 rounds to 14; -26 + 20 saturates at 0.
        #expect(result[0].array(of: UInt8.self) == [34, 0])
        let sums = try evaluateNode(
            "ConvInteger", opset: 10, [:], [x, w, Tensor(scalar: UInt8(10)), Tensor([Int8(1), 0])])
        #expect(sums[0].array(of: Int32.self) == [20, -26])
    }

    @Test func multipliesIntegers() throws {
        let a = Tensor([UInt8(11), 12], shape: [1, 2])
        let b = Tensor([Int8(1), 2, 3, 4], shape: [2, 2])
        let sums = try evaluateNode("MatMulInteger", [:], [a, b, Tensor(scalar: UInt8(10)), Tensor([Int8(0), 1])])
        #expect(sums[0].array(of: Int32.self) == [7, 7])
        let quantized = try evaluateNode(
            "QLinearMatMul", [:],
            [
                a, one, Tensor(scalar: UInt8(10)), b, float32([0.5, 40], [2]), Tensor([Int8(0), 1]), one,
                Tensor(scalar: UInt8(1)),
            ])
        // 7 * 0.5 = 3.5 rounds to 4.
        #expect(quantized[0].array(of: UInt8.self) == [5, 255])
    }

    @Test func addsAndJoinsQuantized() throws {
        let a = Tensor([UInt8(10), 200], shape: [2])
        let b = Tensor([UInt8(3), 250], shape: [2])
        let zero = Tensor(scalar: UInt8(0))
        let sum = try evaluateNode(
            "QLinearAdd", domain: "com.microsoft", opset: 1, [:],
            [a, one, zero, b, Tensor(scalar: Float(0.5)), zero, one, zero])
        #expect(sum[0].array(of: UInt8.self) == [12, 255])
        let product = try evaluateNode(
            "QLinearMul", domain: "com.microsoft", opset: 1, [:],
            [a, one, zero, b, Tensor(scalar: Float(0.5)), zero, one, zero])
        #expect(product[0].array(of: UInt8.self) == [15, 255])
        let joined = try evaluateNode(
            "QLinearConcat", domain: "com.microsoft", opset: 1, ["axis": .int(0)],
            [one, zero, a, one, zero, b, Tensor(scalar: Float(0.5)), zero])
        #expect(joined[0].array(of: UInt8.self) == [10, 200, 2, 125])
        let mean = try evaluateNode(
            "QLinearGlobalAveragePool", domain: "com.microsoft", opset: 1, [:],
            [a.reshaped(to: [1, 1, 2]), one, zero, one, zero])
        #expect(mean[0].array(of: UInt8.self) == [105])
    }

    @Test func refusesWhatDoesNotFit() {
        let x = float32([1, 2, 3, 4], [2, 2])
        let cases: [(String, [String: Attribute], [Tensor?])] = [
            ("QuantizeLinear", ["axis": .int(2)], [x, float32([1, 1], [2])]),
            ("QuantizeLinear", [:], [x, float32([1, 1, 1], [3])]),
            ("QuantizeLinear", ["block_size": .int(-1)], [x, float32([1, 1], [2])]),
            ("QuantizeLinear", ["block_size": .int(.max)], [x, float32([1, 1], [2])]),
            ("QuantizeLinear", ["output_dtype": .int(999)], [x, one]),
            ("QuantizeLinear", ["output_dtype": .int(7)], [x, one]),
            ("QuantizeLinear", [:], [x, float32([], [0]), Tensor([UInt8](), shape: [0])]),
            ("DequantizeLinear", [:], [x, one]),
            ("DequantizeLinear", [:], [Tensor([UInt8(1)]), one, Tensor(scalar: Int8(0))]),
            ("MatMulInteger", [:], [Tensor([UInt8(1)], shape: [1, 1]), x]),
            ("QLinearMatMul", [:], [x, one, one, x, one, one, one, one]),
        ]
        for (type, attributes, operands) in cases {
            #expect(throws: QTuneError.self, "\(type) \(attributes)") { try evaluateNode(type, attributes, operands) }
        }
    }
}
