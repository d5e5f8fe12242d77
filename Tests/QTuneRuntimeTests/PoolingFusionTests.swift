import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Poolings behind integer convolutions: which the kernels do themselves, and which they leave and why.
struct PoolingFusionTests {
    private var generator = SeededGenerator(seed: 61)

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var image: Shape = [1, 4, 121, 120]
        /// Channels of the result: with so many, a real one is too large for a core's cache.
        var channels = 20
        var groups = 1
        var pool: [String: Attribute] = ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])]
        var refusal: String?
    }

    static let cases = [
        Case(testDescription: "every pixel is seen"),
        Case(testDescription: "several images", image: [2, 4, 121, 120]),
        Case(testDescription: "some pixels are not seen", pool: ["strides": .ints([2, 4])]),
        Case(testDescription: "places are rounded up", pool: ["strides": .ints([2, 2]), "ceil_mode": .int(1)]),
        Case(
            testDescription: "windows have holes",
            pool: ["dilations": .ints([3, 2]), "auto_pad": .string("SAME_UPPER")]),
        Case(
            testDescription: "a small image", image: [1, 4, 30, 30],
            refusal: "the image is not known to be too large for a core's cache"),
        Case(
            testDescription: "few rows", pool: ["strides": .ints([11, 1])],
            refusal: "threads would compute many rows twice, or have few to share"),
        Case(
            testDescription: "windows that reach far",
            pool: ["dilations": .ints([20, 1]), "pads": .ints([0, 1, 0, 1])],
            refusal: "threads would compute many rows twice, or have few to share"),
        Case(
            testDescription: "groups", groups: 2,
            refusal: "the convolution is not one product, or faster with transformed windows"),
    ]

    private static func pool(
        _ g: GraphBuilder, _ x: GraphBuilder.Expression, _ c: Case
    ) -> GraphBuilder.Expression {
        g("MaxPool", x, attributes: c.pool.merging(["kernel_shape": .ints([3, 3])]) { $1 })
    }

    private mutating func sums(
        _ g: GraphBuilder, _ x: [GraphBuilder.Expression], _ weights: Shape, groups: Int = 1
    ) -> GraphBuilder.Expression {
        let sums = g.apply(
            "ConvInteger", [x[0], g.constant(generator.integers(Int8.self, weights)), x[2]], results: [nil],
            attributes: ["group": .int(Int64(groups))])
        return g(
            "Mul", g("Cast", sums[0], attributes: ["to": .int(1)]),
            g("Mul", x[1], g.constant(generator.floats([weights[0], 1, 1], in: 0.001...0.01))))
    }

    private func expectPooling(_ session: Session, _ refusal: String?) throws {
        let report = try #require(session.report("fuse-pooling"))
        #expect(report.matches.count == (refusal == nil ? 1 : 0))
        #expect(report.refusals.map(\.reason) == (refusal.map { [$0] } ?? []))
        let pools = ["qtune.MaxPool2D", "qtune.QuantizedMaxPool2D"].compactMap { session.operatorCounts[$0] }
        #expect(pools == (refusal == nil ? [] : [1]))
    }

    /// Bounds of the convolution below 0 and at 0, where the range of what is pooled can be that of all.
    @Test(arguments: cases, [-0.25, 0]) mutating func dynamicConvolutionsPool(c: Case, lower: Float) throws {
        let g = GraphBuilder()
        let x = g.apply("DynamicQuantizeLinear", [g.input("x", c.image.dimensions)], results: [nil, nil, nil])
        let real = sums(g, x, [c.channels, 4 / c.groups, 1, 1], groups: c.groups)
        let biased = g("Add", real, g.constant(generator.floats([c.channels, 1, 1])))
        let pooled = Self.pool(g, g("Clip", biased, g.constant(lower), g.constant(0.5)), c)
        let y = g.apply("DynamicQuantizeLinear", [pooled], results: [nil, nil, nil])
        let session = try expectSameResults(
            g.model(sums(g, y, [3, c.channels, 1, 1]), y[0], y[1], y[2]), ["x": generator.floats(c.image)],
            tolerance: 0)
        try expectPooling(session, c.refusal)
        if c.refusal == nil { #expect(session.operatorCounts["DynamicQuantizeLinear"] == 1) }
    }

    @Test(arguments: cases) mutating func staticConvolutionsPool(c: Case) throws {
        let g = GraphBuilder()
        let channels = 4 * c.channels
        let convolution = g(
            "QLinearConv", g.input("x", .uint8, c.image.dimensions), g.constant(0.02),
            g.constant(Tensor(scalar: UInt8(120))),
            g.constant(generator.integers(Int8.self, [channels, 4 / c.groups, 1, 1])),
            g.constant(generator.floats([channels], in: 0.001...0.01)),
            g.constant(Tensor(zeros: .int8, shape: [channels])),
            g.constant(0.05), g.constant(Tensor(scalar: UInt8(30))), attributes: ["group": .int(Int64(c.groups))])
        let session = try expectSameResults(
            g.model(Self.pool(g, convolution, c)), ["x": generator.integers(UInt8.self, c.image)], steps: 1)
        try expectPooling(session, c.refusal)
    }

    @Test(arguments: [
        "what the convolution makes is used elsewhere, too", "the convolution adds an image, or pools already",
    ])
    mutating func otherConvolutionsStay(reason: String) throws {
        let g = GraphBuilder()
        let c = Case(testDescription: "")
        let x = g.apply("DynamicQuantizeLinear", [g.input("x", c.image.dimensions)], results: [nil, nil, nil])
        var real = sums(g, x, [c.channels, 4, 1, 1])
        var feeds = ["x": generator.floats(c.image)]
        let isSum = reason.contains("adds")
        if isSum {
            let shape: Shape = [1, c.channels, 121, 120]
            real = g("Add", real, g.input("a", shape.dimensions))
            feeds["a"] = generator.floats(shape)
        }
        let pooled = Self.pool(g, real, c)
        let session = try expectSameResults(
            isSum ? g.model(pooled) : g.model(pooled, g("Neg", real)), feeds, tolerance: 0)
        try expectPooling(session, reason)
    }
}
