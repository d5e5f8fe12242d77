import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Dynamic quantization, as quantizers write it, on the integer kernels: the same bits as the graph executed literally.
struct DynamicAbsorptionTests {
    private var generator = SeededGenerator(seed: 41)

    struct Convolution: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var image: Shape = [2, 6, 7, 5]
        var weights: Shape = [4, 6, 3, 3]
        var groups = 1
        /// Lengths of the weights' scales and of the bias; nil for no bias.
        var scales: Shape = [4, 1, 1]
        var bias: Shape? = [4, 1, 1]
        var zeroPoints: Shape?
        var activation: String?
        /// Whether weights are uint8.
        var isUnsigned = false
    }

    static let convolutions = [
        Convolution(testDescription: "a scale a channel"),
        Convolution(testDescription: "one scale, as a scalar", scales: [], bias: nil),
        Convolution(testDescription: "four axes of scales and bias", scales: [1], bias: [1, 4, 1, 1]),
        Convolution(testDescription: "Relu", activation: "Relu"),
        Convolution(testDescription: "Clip", bias: nil, activation: "Clip"),
        Convolution(testDescription: "groups", weights: [4, 3, 2, 3], groups: 2),
        Convolution(
            testDescription: "depthwise", weights: [6, 1, 3, 3], groups: 6, scales: [6, 1, 1], bias: [6, 1, 1]),
        Convolution(testDescription: "uint8 weights", zeroPoints: [4], isUnsigned: true),
        Convolution(testDescription: "one zero point of the weights", zeroPoints: [], isUnsigned: true),
    ]

    @Test(arguments: convolutions) mutating func convolutionsAreOneNode(c: Convolution) throws {
        let g = GraphBuilder()
        let x = g.apply("DynamicQuantizeLinear", [g.input("x", c.image.dimensions)], results: [nil, nil, nil])
        let weights =
            c.isUnsigned ? generator.integers(UInt8.self, c.weights) : generator.integers(Int8.self, c.weights)
        var operands = [x[0], g.constant(weights), x[2]]
        if let shape = c.zeroPoints {
            operands.append(g.constant(generator.integers(UInt8.self, shape, in: 90...150)))
        }
        let sums = g.apply(
            "ConvInteger", operands, results: [nil],
            attributes: ["group": .int(Int64(c.groups)), "pads": .ints([1, 0, 1, 2]), "strides": .ints([2, 1])])
        let real = g("Cast", sums[0], attributes: ["to": .int(1)])
        var y = g("Mul", real, g("Mul", x[1], g.constant(generator.floats(c.scales, in: 0.001...0.01))))
        if let shape = c.bias { y = g("Add", y, g.constant(generator.floats(shape))) }
        switch c.activation {
        case "Clip"?: y = g("Clip", y, g.constant(-1), g.constant(0.5))
        case let name?: y = g(name, y)
        case nil: break
        }
        let session = try expectSameResults(g.model(y), ["x": generator.floats(c.image)], tolerance: 0)
        #expect(session.operatorCounts["qtune.IntegerConv2D"] == 1)
        #expect(session.operatorCounts["ConvInteger"] == nil && session.operatorCounts["Mul"] == nil)
        #expect(session.operatorCounts["Add"] == nil && session.operatorCounts["Relu"] == nil)
        #expect(session.report("absorb-dynamic-quantization")?.matches.count == 1)
    }

    @Test(arguments: [[3, 7], [2, 3, 7]] as [Shape], [[], [4], [1, 4]] as [Shape])
    mutating func matrixProductsAreOneNode(image: Shape, scales: Shape) throws {
        let g = GraphBuilder()
        let x = g.apply("DynamicQuantizeLinear", [g.input("x", image.dimensions)], results: [nil, nil, nil])
        let sums = g("MatMulInteger", x[0], g.constant(generator.integers(Int8.self, [7, 4])), x[2])
        let factor = g("Mul", g.constant(generator.floats(scales, in: 0.001...0.01)), x[1])
        let y = g(
            "Add", g.constant(generator.floats([4])), g("Mul", factor, g("Cast", sums, attributes: ["to": .int(1)])))
        let session = try expectSameResults(g.model(y), ["x": generator.floats(image)], tolerance: 0)
        #expect(session.operatorCounts == ["DynamicQuantizeLinear": 1, "qtune.IntegerLinear": 1])
    }

    /// Two layers: what lies between them stays in NHWC.
    @Test mutating func imagesKeepTheirOrder() throws {
        let g = GraphBuilder()
        func layer(_ x: GraphBuilder.Expression) -> GraphBuilder.Expression {
            let x = g.apply("DynamicQuantizeLinear", [x], results: [nil, nil, nil])
            let sums = g("ConvInteger", x[0], g.constant(generator.integers(Int8.self, [3, 3, 3, 3])), x[2])
            return g("Relu", g("Mul", g("Cast", sums, attributes: ["to": .int(1)]), g("Mul", x[1], g.constant(0.01))))
        }
        let session = try expectSameResults(
            g.model(layer(layer(g.input("x", [1, 3, 9, 9])))), ["x": generator.floats([1, 3, 9, 9])], tolerance: 0)
        #expect(session.operatorCounts["qtune.ChannelsLast"] == 1 && session.operatorCounts["qtune.ChannelsFirst"] == 1)
    }

    @Test(arguments: ["the sums", "rows", "weights"]) mutating func otherFormsStay(what: String) throws {
        let g = GraphBuilder()
        let x = g.apply("DynamicQuantizeLinear", [g.input("x", [3, 7])], results: [nil, nil, nil])
        let w = g.input("w", .int8, [7, 4])
        let weights = what == "weights" ? w : g.constant(generator.integers(Int8.self, [7, 4]))
        let zeroPoint = what == "rows" ? g.constant(Tensor([1, 2, 3] as [UInt8])) : x[2]
        let sums = g("MatMulInteger", x[0], weights, zeroPoint)
        let y = g("Mul", g("Cast", sums, attributes: ["to": .int(1)]), g("Mul", x[1], g.constant(0.01)))
        let model = what == "the sums" ? g.model(y, sums) : g.model(y)
        let session = try expectSameResults(
            model, ["x": generator.floats([3, 7]), "w": generator.integers(Int8.self, [7, 4])], tolerance: 0)
        #expect(session.operatorCounts["MatMulInteger"] == 1)
        #expect(session.report("absorb-dynamic-quantization")?.refusals.count == 1)
    }
}
