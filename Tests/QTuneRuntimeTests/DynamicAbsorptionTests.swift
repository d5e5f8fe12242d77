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

    /// A product of dynamically quantized integers and weights, uint8 with a zero point.
    private mutating func layer(
        _ g: GraphBuilder, _ x: GraphBuilder.Expression, _ weights: Shape, groups: Int = 1,
        scales: Tensor = Tensor(scalar: Float(0.003))
    ) -> GraphBuilder.Expression {
        let x = g.apply("DynamicQuantizeLinear", [x], results: [nil, nil, nil])
        let isConvolution = weights.rank == 4
        let sums = g.apply(
            isConvolution ? "ConvInteger" : "MatMulInteger",
            [x[0], g.constant(generator.integers(UInt8.self, weights)), x[2], g.constant(Tensor(scalar: UInt8(90)))],
            results: [nil],
            attributes: isConvolution ? ["group": .int(Int64(groups)), "pads": .ints([1, 1, 1, 1])] : [:])
        return g("Mul", g("Cast", sums[0], attributes: ["to": .int(1)]), g("Mul", x[1], g.constant(scales)))
    }

    /// Kernels find the range of what the next layer quantizes, and quantize it where nobody else wants it; the first
    /// layer's comes from outside.
    @Test(arguments: [false, true]) mutating func rangesComeFromTheKernels(areRealsWanted: Bool) throws {
        let g = GraphBuilder()
        let first = g("Relu", layer(g, g.input("x", [2, 3, 9, 8]), [5, 3, 3, 3]))
        let second = g("Clip", layer(g, first, [5, 1, 3, 3], groups: 5), g.constant(-0.5), g.constant(6))
        let result = layer(g, second, [4, 5, 3, 3])
        let session = try expectSameResults(
            areRealsWanted ? g.model(result, g("Neg", first), g("Neg", second)) : g.model(result),
            ["x": generator.floats([2, 3, 9, 8])], tolerance: 0)
        #expect(session.operatorCounts["qtune.RangeQuantize"] == (areRealsWanted ? 2 : nil))
        #expect(session.operatorCounts["DynamicQuantizeLinear"] == 1)
        let report = try #require(session.report("carry-dynamic-range"))
        #expect(report.matches.count == 2 && report.refusals.count == 1)
    }

    /// One kernel's range serves several quantizers, and rows of a matrix have one too.
    @Test mutating func rangesAreShared() throws {
        let g = GraphBuilder()
        let x = layer(g, g.input("x", [3, 6]), [6, 5])
        let session = try expectSameResults(
            g.model(layer(g, x, [5, 4]), layer(g, x, [5, 2])), ["x": generator.floats([3, 6])], tolerance: 0)
        #expect(session.operatorCounts["DynamicQuantizeLinear"] == 1)
        #expect((1...2).contains(session.operatorCounts["qtune.RangeQuantize"] ?? 0))
    }

    @Test(arguments: [nil, "Relu", "Clip"] as [String?], [false, true])
    mutating func residualsAreAddedByTheKernel(activation: String?, isSecond: Bool) throws {
        let g = GraphBuilder()
        let x = g.input("x", [2, 4, 7, 5])
        let made = layer(g, x, [4, 4, 3, 3])
        var sum = isSecond ? g("Add", x, made) : g("Add", made, x)
        switch activation {
        case "Clip"?: sum = g("Clip", sum, g.constant(-1), g.constant(0.5))
        case let name?: sum = g(name, sum)
        case nil: break
        }
        let session = try expectSameResults(
            g.model(layer(g, sum, [3, 4, 3, 3])), ["x": generator.floats([2, 4, 7, 5])], tolerance: 0)
        #expect(session.operatorCounts["Add"] == nil && session.operatorCounts["qtune.IntegerConv2D"] == 2)
        #expect(session.report("carry-dynamic-range")?.matches.count == 1)
        #expect(session.report("fuse-dynamic-residual")?.matches.count == 1)
    }

    @Test(arguments: ["nothing", "negative numbers", "pixels left out", "floats used too"])
    mutating func poolingComesAfterQuantization(hindrance: String) throws {
        let g = GraphBuilder()
        var x = layer(g, g.input("x", [1, 3, 9, 12]), [4, 3, 3, 3])
        x = g("Clip", x, g.constant(hindrance == "negative numbers" ? -1 : 0), g.constant(6))
        let pads: [Int64] = hindrance == "pixels left out" ? [0, 0, 0, 0] : [1, 1, 1, 1]
        let pool = g(
            "MaxPool", x,
            attributes: ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints(pads)])
        let y = layer(g, pool, [2, 4, 3, 3])
        let model = hindrance == "floats used too" ? g.model(y, pool) : g.model(y)
        let session = try expectSameResults(model, ["x": generator.floats([1, 3, 9, 12])], tolerance: 0)
        let report = try #require(session.report("quantize-before-pooling"))
        #expect(report.matches.count == (hindrance == "nothing" ? 1 : 0))
        #expect(report.refusals.count == (hindrance == "nothing" ? 0 : 1))
        #expect(session.operatorCounts["qtune.QuantizedMaxPool2D"] == (hindrance == "nothing" ? 1 : nil))
        #expect(session.report("carry-dynamic-range")?.matches.count == (hindrance == "nothing" ? 1 : 0))
    }

    /// A NaN takes its windows with it, and quantizes to 0, where the largest of the integers would be another's.
    /// Where an addend or the bias brings it in, pooling comes first; where the image does, nothing but it is NaN or
    /// infinite in the sums.
    @Test(
        arguments: [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude], ["image", "addend", "bias", "scale"])
    mutating func poolingKeepsWhatIsNoNumber(value: Float, place: String) throws {
        let g = GraphBuilder()
        var (image, addend) = (generator.floats([1, 3, 9, 12]), generator.floats([1, 4, 9, 12]))
        func mark(_ tensor: Tensor) -> Tensor {
            var numbers = tensor.array(of: Float.self)
            numbers[numbers.count / 2] = value
            return Tensor(numbers, shape: tensor.shape)
        }
        if place == "image" { image = mark(image) }
        if place == "addend" { addend = mark(addend) }
        var feeds = ["x": image]
        let scales = Tensor([0.01, place == "scale" ? value : 0.03, 0.02, 0.01] as [Float], shape: [4, 1, 1])
        var x = layer(g, g.input("x", image.shape.dimensions), [4, 3, 3, 3], scales: scales)
        if place == "addend" {
            x = g("Add", x, g.input("a", addend.shape.dimensions))
            feeds["a"] = addend
        }
        if place == "bias" { x = g("Add", x, g.constant(Tensor([0, value, 1, 0.5] as [Float], shape: [4, 1, 1]))) }
        let pool = g(
            "MaxPool", g("Relu", x),
            attributes: ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])])
        let quantized = g.apply("DynamicQuantizeLinear", [pool], results: ["q", "s", "z"])
        let session = try expectSameResults(
            g.model(quantized[0], quantized[1], quantized[2]), feeds, tolerance: 0)
        let isFirst = place == "image" || place == "bias" && value.isFinite
        #expect(session.operatorCounts["qtune.QuantizedMaxPool2D"] == (isFirst ? 1 : nil))
    }

    @Test(arguments: ["depthwise", "activated", "used twice", "of another shape"])
    mutating func otherSumsStay(what: String) throws {
        let g = GraphBuilder()
        let x = g.input("x", [1, 4, 6, 6])
        var made = layer(g, x, what == "depthwise" ? [4, 1, 3, 3] : [4, 4, 3, 3], groups: what == "depthwise" ? 4 : 1)
        if what == "activated" { made = g("Relu", made) }
        let other = what == "of another shape" ? g.constant(generator.floats([1, 1, 6, 6])) : x
        let sum = g("Add", made, other)
        let model = what == "used twice" ? g.model(sum, made) : g.model(sum)
        let session = try expectSameResults(model, ["x": generator.floats([1, 4, 6, 6])], tolerance: 0)
        #expect(session.operatorCounts["Add"] == 1)
        #expect(session.report("fuse-dynamic-residual")?.refusals.count == 1)
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
