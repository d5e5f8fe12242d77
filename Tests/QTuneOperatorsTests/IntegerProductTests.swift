import QTuneGraph
import QTuneTensor
import QTuneTestSupport
import Testing

/// Convolutions and products of 8-bit integers go to packed kernels; the same numbers as int32 are summed one by one.
@Suite struct IntegerProductTests {
    private var generator = SeededGenerator(seed: 17)

    struct Shapes: Sendable {
        var image: Shape
        var weights: Shape
        var groups = 1
    }

    static let shapes = [
        Shapes(image: [1, 1, 1, 1], weights: [1, 1, 1, 1]), Shapes(image: [2, 3, 7, 5], weights: [5, 3, 3, 2]),
        Shapes(image: [1, 6, 5, 9], weights: [6, 1, 3, 3], groups: 6),
        Shapes(image: [3, 4, 6, 4], weights: [2, 2, 1, 3], groups: 2),
        Shapes(image: [0, 3, 4, 4], weights: [2, 3, 2, 2]),
    ]

    private func widened(_ tensor: Tensor) -> Tensor {
        Tensor((tensor.integers ?? []).map { Int32($0) }, shape: tensor.shape)
    }

    @Test(arguments: shapes, [false, true]) mutating func convolutionsAgreeWithPlainSums(s: Shapes, perChannel: Bool)
        throws
    {
        let x = generator.integers(UInt8.self, s.image)
        let w = generator.integers(Int8.self, s.weights)
        let zero = Tensor(scalar: UInt8(131))
        let zeros = generator.integers(Int8.self, perChannel ? [s.weights[0]] : [], in: -9...9)
        let attributes: [String: Attribute] = ["group": .int(Int64(s.groups)), "pads": .ints([1, 0, 2, 1])]
        let sums = try evaluateNode("ConvInteger", attributes, [x, w, zero, zeros])
        let plain = try evaluateNode(
            "ConvInteger", attributes, [widened(x), widened(w), widened(zero), widened(zeros)])
        #expect(sums == plain)

        let (scale, step) = (Tensor(scalar: Float(0.03)), Tensor(scalar: Float(1.7)))
        let scales = generator.floats(zeros.shape, in: 0.01...0.02)
        let bias = generator.integers(Int32.self, [s.weights[0]], in: -5000...5000)
        let result = try evaluateNode(
            "QLinearConv", attributes, [x, scale, zero, w, scales, zeros, step, zero, bias])
        let expected = try evaluateNode(
            "QLinearConv", attributes,
            [widened(x), scale, widened(zero), widened(w), scales, widened(zeros), step, zero, bias])
        #expect(result == expected)
    }

    @Test(arguments: [[3, 7], [7], [2, 3, 7]] as [Shape], [false, true])
    mutating func productsAgreeWithPlainSums(shape: Shape, perColumn: Bool) throws {
        let a = generator.integers(Int8.self, shape)
        let b = generator.integers(UInt8.self, [7, 5])
        let zero = Tensor(scalar: Int8(-4))
        let zeros = generator.integers(UInt8.self, perColumn ? [5] : [])
        let sums = try evaluateNode("MatMulInteger", [:], [a, b, zero, zeros])
        #expect(
            sums == (try evaluateNode("MatMulInteger", [:], [widened(a), widened(b), widened(zero), widened(zeros)])))

        let (scale, step) = (Tensor(scalar: Float(0.03)), Tensor(scalar: Float(0.9)))
        let scales = generator.floats(zeros.shape, in: 0.01...0.02)
        let result = try evaluateNode("QLinearMatMul", [:], [a, scale, zero, b, scales, zeros, step, zero])
        let expected = try evaluateNode(
            "QLinearMatMul", [:],
            [widened(a), scale, widened(zero), widened(b), scales, widened(zeros), step, zero])
        #expect(result == expected)
    }
}
