import QTuneGraph
import QTuneOperators
import QTuneTensor
import Testing

/// Lengths and attributes that are huge where nothing is: neither memory nor time may follow them.
@Suite struct HostileSizeTests {
    @Test(arguments: Self.refused) func throwsAnError(_ testCase: OperatorCase) {
        #expect(throws: QTuneError.self) { try testCase.check() }
    }

    @Test(arguments: Self.empty) func givesNothingAtOnce(_ testCase: OperatorCase) throws { try testCase.check() }

    @Test func productsOfManyOperandsTakeLinearTime() throws {
        let count = 4000
        let equation = Array(([String](repeating: "i", count: count).joined(separator: ",") + "->").utf8)
        let operands = [Tensor?](repeating: floats([1, -1, 1]), count: count)
        #expect(try agrees(evaluateNode("Einsum", ["equation": .string(equation)], operands)[0], [3]))
    }

    private static let nothing = floats([])
    private static let largest = Attribute.int(Int64(Int32.max))
    private static let point = floats([1], [1, 1, 1, 1, 1])
    private static let byte = Tensor([1] as [UInt8], shape: [1, 1, 1, 1])
    private static let (scale, zero) = (floats([1], .scalar), Tensor([0] as [UInt8], shape: .scalar))

    private static func empty(_ shape: Shape) -> Tensor { Tensor(zeros: .float32, shape: shape) }

    private static func largest(_ count: Int) -> Attribute { .ints([Int64](repeating: Int64(Int32.max), count: count)) }

    static let refused: [OperatorCase] = windows + products + sequences + texts

    private static let windows: [OperatorCase] = [
        OperatorCase(
            "Col2Im", ["pads": largest(6)], floats([1], [1, 1, 1]), ints([1, 1, 1]), ints([1, 1, 1]), gives: nothing),
        OperatorCase("MaxPool", ["kernel_shape": .ints([1, 1, 1]), "pads": largest(6)], point, gives: nothing),
        OperatorCase("ConvTranspose", ["output_shape": largest(3)], point, point, gives: nothing),
        OperatorCase(
            "com.microsoft.QLinearAveragePool", opset: 1,
            ["kernel_shape": .ints([1, 1]), "pads": .ints([1 << 20, 1 << 20, 1 << 20, 1 << 20])], byte, scale, zero,
            scale, zero, gives: nothing),
        OperatorCase(
            "RoiAlign",
            ["output_height": .int(1000), "output_width": .int(1000), "sampling_ratio": .int(1000)],
            floats([1, 2, 3, 4], [1, 1, 2, 2]), floats([0, 0, 1, 1], [1, 4]), ints([0]), gives: nothing),
    ]

    private static let products: [OperatorCase] = [
        OperatorCase(
            "com.microsoft.MatMulNBits", opset: 1,
            ["K": .int(1), "N": .int(1 << 59), "block_size": .int(1 << 20), "bits": .int(8)], floats([1], [1, 1]),
            Tensor([1] as [UInt8]), floats([1]), gives: nothing),
        OperatorCase(
            "com.microsoft.QLinearWhere", opset: 1, Tensor(zeros: .bool, shape: [1 << 20, 1]),
            Tensor(zeros: .uint8, shape: [1 << 20]), scale, zero, byte, scale, zero, scale, zero, gives: nothing),
        OperatorCase(
            "LayerNormalization", [:], [empty([1 << 44, 0]), empty([0])],
            gives: [empty([1 << 44, 0]), nothing, nothing]),
        OperatorCase(
            "com.microsoft.SkipLayerNormalization", opset: 1, [:],
            [empty([1 << 44, 0]), empty([1 << 44, 0]), empty([0])], gives: [empty([1 << 44, 0]), nothing]),
    ]

    private static let sequences: [OperatorCase] = [
        OperatorCase("Unique", ["axis": .int(0)], empty([1 << 44, 0]), gives: nothing),
        OperatorCase(
            "RotaryEmbedding", opset: 23, ["num_heads": .int(.max)], empty([2, 1, 0]), empty([5, 0]), empty([5, 0]),
            ints([0, 0], [2, 1]), gives: nothing),
        OperatorCase(
            "RotaryEmbedding", opset: 23, ["num_heads": .int(1)], empty([Int(Int32.max), 1000, 0]),
            empty([Int(Int32.max), 1000, 0]), empty([Int(Int32.max), 1000, 0]), gives: nothing),
        OperatorCase(
            "com.microsoft.RotaryEmbedding", opset: 1, ["num_heads": .int(1)], empty([Int(Int32.max), 1000, 0]),
            ints([0]), empty([1000, 0]), empty([1000, 0]), gives: nothing),
        OperatorCase(
            "Attention", opset: 23, ["q_num_heads": largest, "kv_num_heads": largest], empty([1, 1, 0]),
            empty([1, 1, 0]), empty([1, 1, 0]), gives: nothing),
        OperatorCase(
            "LinearAttention", opset: 27,
            ["q_num_heads": largest, "kv_num_heads": largest, "update_rule": .string("linear")], empty([1, 9, 0]),
            empty([1, 9, 0]), empty([1, 9, 0]), gives: nothing),
        OperatorCase(
            "DFT", opset: 20, ["inverse": .int(1), "onesided": .int(1)], empty([0, 1 << 62 | 1, 1]), nil,
            ints([1], .scalar), gives: nothing),
    ]

    private static let texts: [OperatorCase] = [
        OperatorCase(
            "StringConcat", Tensor(strings: [String](repeating: "", count: 1 << 20), shape: [1 << 20]),
            Tensor(strings: [String(repeating: "a", count: 1 << 22)], shape: [1]), gives: nothing),
        OperatorCase(
            "RegexFullMatch", ["pattern": .string("(?:" + String(repeating: "()", count: 20_000) + "){1000}")],
            Tensor(strings: ["a"], shape: [1]), gives: nothing),
    ]

    static let empty: [OperatorCase] = [
        OperatorCase("ai.onnx.ml.Normalizer", opset: 3, empty([1 << 61, 0]), gives: empty([1 << 61, 0])),
        OperatorCase("ai.onnx.ml.FeatureVectorizer", opset: 3, empty([1 << 61, 0]), gives: empty([1 << 61, 0])),
        OperatorCase("LayerNormalization", empty([1 << 61, 0]), empty([0]), gives: empty([1 << 61, 0])),
        OperatorCase(
            "com.microsoft.SkipLayerNormalization", opset: 1, empty([1 << 61, 0]), empty([1 << 61, 0]), empty([0]),
            gives: empty([1 << 61, 0])),
        OperatorCase(
            "LayerNormalization", [:], [empty([2, 0]), empty([0])],
            gives: [empty([2, 0]), floats([0, 0], [2, 1]), floats([316.22775, 316.22775], [2, 1])], within: 1e-3),
        OperatorCase(
            "MaxRoiPool", ["pooled_shape": .ints([Int64(Int32.max), 1])], empty([1, 0, 4, 4]), empty([1, 5]),
            gives: empty([1, 0, Int(Int32.max), 1])),
        OperatorCase(
            "RotaryEmbedding", opset: 23, empty([Int(Int32.max), 1, 1000, 0]), empty([Int(Int32.max), 1000, 0]),
            empty([Int(Int32.max), 1000, 0]), gives: empty([Int(Int32.max), 1, 1000, 0])),
        OperatorCase(
            "Attention", opset: 23, empty([Int(Int32.max), 1, 1, 0]), empty([Int(Int32.max), 1, 1, 0]),
            empty([Int(Int32.max), 1, 1, 0]), gives: empty([Int(Int32.max), 1, 1, 0])),
        OperatorCase("MeanVarianceNormalization", empty([1 << 40, 0, 2, 2]), gives: empty([1 << 40, 0, 2, 2])),
        OperatorCase("MatMul", empty([1 << 32, 0, 1]), empty([1 << 32, 1, 0]), gives: empty([1 << 32, 0, 0])),
    ]
}
