import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Passes that do not depend on the device: each fires on its pattern, says why where it does not, and changes no
/// result.
struct PortablePassTests {
    private var generator = SeededGenerator(seed: 7)

    /// Shapes of images and weights with lengths of 1, primes, strides and groups.
    struct Case: Sendable, CustomTestStringConvertible {
        var image: Shape
        var outputs: Int
        var kernel = 3
        var groups = 1
        var hasBias = true
        var testDescription: String { "\(image) to \(outputs), \(kernel)x\(kernel), \(groups) groups, bias \(hasBias)" }
    }

    static let cases = [
        Case(image: [1, 1, 1, 1], outputs: 1, kernel: 1), Case(image: [2, 3, 7, 5], outputs: 4),
        Case(image: [1, 4, 5, 5], outputs: 4, groups: 4, hasBias: false),
        Case(image: [1, 6, 9, 2], outputs: 9, kernel: 1, groups: 3),
        Case(image: [3, 17, 3, 4], outputs: 19, hasBias: false),
    ]

    private mutating func convolution(_ g: GraphBuilder, _ c: Case) -> GraphBuilder.Expression {
        let x = g.input("x", c.image.dimensions)
        let weights = g.constant(generator.floats([c.outputs, c.image[1] / c.groups, c.kernel, c.kernel]))
        let attributes: [String: Attribute] = [
            "group": .int(Int64(c.groups)), "pads": .ints([Int64](repeating: Int64(c.kernel / 2), count: 4)),
        ]
        return c.hasBias
            ? g("Conv", x, weights, g.constant(generator.floats([c.outputs])), named: "conv", attributes: attributes)
            : g("Conv", x, weights, named: "conv", attributes: attributes)
    }

    private mutating func normalization(
        _ g: GraphBuilder, _ x: GraphBuilder.Expression, _ channels: Int
    ) -> GraphBuilder.Expression {
        g(
            "BatchNormalization", x, g.constant(generator.floats([channels])), g.constant(generator.floats([channels])),
            g.constant(generator.floats([channels])), g.constant(generator.floats([channels], in: 0.1...2)))
    }

    @Test(arguments: cases)
    mutating func batchNormalizationFoldsIntoConvolutions(c: Case) throws {
        let g = GraphBuilder()
        let y = normalization(g, convolution(g, c), c.outputs)
        let session = try expectSameResults(g.model(y), ["x": generator.floats(c.image)])
        #expect(session.report("fold-batch-normalization")?.matches.count == 1)
        #expect(session.operatorCounts["BatchNormalization"] == nil && session.operatorCounts["Mul"] == nil)
    }

    @Test mutating func batchNormalizationElsewhereScalesAndShifts() throws {
        let g = GraphBuilder()
        let y = normalization(g, g.input("x", [2, 5, 3]), 5)
        let session = try expectSameResults(g.model(y), ["x": generator.floats([2, 5, 3])])
        #expect(session.operatorCounts == ["qtune.ScaleShift": 1])
    }

    /// Between convolutions, which keep their images in NHWC, and with the activation that follows.
    @Test mutating func scalingAndShiftingIsOneWalk() throws {
        let g = GraphBuilder()
        let c = Self.cases[1]
        let x = normalization(g, g("Relu", convolution(g, c)), c.outputs)
        let y = g("Conv", g("LeakyRelu", x), g.constant(generator.floats([3, c.outputs, 1, 1])))
        let session = try expectSameResults(g.model(y), ["x": generator.floats(c.image)])
        #expect(session.operatorCounts["qtune.ScaleShift"] == 1 && session.operatorCounts["LeakyRelu"] == nil)
        #expect(session.operatorCounts["Mul"] == nil && session.operatorCounts["Add"] == nil)
    }

    /// One number for the last axis, for all elements, or for an axis of which no length is known.
    @Test(arguments: [[6], [1, 1], [5, 1], [5, 6], [2, 1, 6]] as [Shape], [true, false])
    mutating func onlyNumbersAlongOneAxisAreJoined(shape: Shape, isKnown: Bool) throws {
        let g = GraphBuilder()
        let dimensions: [Dimension] = [
            .fixed(2), isKnown ? .fixed(5) : .symbolic("N"), isKnown ? .fixed(6) : .symbolic("M"),
        ]
        let (factor, offset) = (g.constant(generator.floats(shape)), g.constant(generator.floats(shape)))
        let y = g("Add", offset, g("Mul", g("Neg", g.input("x", dimensions: dimensions)), factor))
        let session = try expectSameResults(g.model(y), ["x": generator.floats([2, 5, 6])])
        let isJoined = shape.elementCount == 1 || isKnown && shape.dimensions.filter { $0 > 1 }.count == 1
        #expect(session.operatorCounts["qtune.ScaleShift"] == (isJoined ? 1 : nil))
        #expect(session.report("join-scale-shift")?.refusals.count == (isJoined ? 0 : 1))
    }

    @Test mutating func aTappedConvolutionIsNotFolded() throws {
        let g = GraphBuilder()
        let y = normalization(g, convolution(g, Self.cases[1]), 4)
        let session = try expectSameResults(
            g.model(y), ["x": generator.floats(Self.cases[1].image)], taps: ["conv"])
        #expect(session.operatorCounts["qtune.ScaleShift"] == 1)
    }

    @Test(arguments: cases, ["Add", "Sub", "Mul", "Div"])
    mutating func affineNodesFoldIntoConvolutions(c: Case, type: String) throws {
        let g = GraphBuilder()
        let constant = g.constant(generator.floats([c.outputs, 1, 1], in: 0.5...2))
        let y = g(type, convolution(g, c), constant)
        let session = try expectSameResults(g.model(y), ["x": generator.floats(c.image)])
        #expect(session.report("fold-affine")?.matches.count == 1)
    }

    @Test mutating func constantsOfOtherShapesAreRefused() throws {
        let g = GraphBuilder()
        let y = g("Add", convolution(g, Self.cases[1]), g.constant(generator.floats([7, 5])))
        let session = try expectSameResults(g.model(y), ["x": generator.floats(Self.cases[1].image)])
        #expect(session.report("fold-affine")?.matches.isEmpty == true)
        #expect(session.report("fold-affine")?.refusals.first?.reason.contains("not one number a channel") == true)
    }

    @Test mutating func gemmFoldsWhatFollows() throws {
        let g = GraphBuilder()
        let product = g(
            "Gemm", g.input("x", [3, 5]), g.constant(generator.floats([7, 5])), g.constant(generator.floats([7])),
            attributes: ["transB": .int(1)])
        let y = g("Mul", product, g.constant(generator.floats([7])))
        let session = try expectSameResults(g.model(y), ["x": generator.floats([3, 5])])
        #expect(session.operatorCounts == ["qtune.Linear": 1])
    }

    @Test mutating func nodesThatDoNothingGo() throws {
        let g = GraphBuilder()
        let x = g.input("x", [2, 3, 4])
        var y = g("Identity", x)
        y = g("Add", y, g.constant(Tensor(zeros: .float32, shape: [1])))
        y = g("Mul", g.constant(1), y)
        y = g("Transpose", y, attributes: ["perm": .ints([0, 1, 2])])
        y = g("Reshape", y, g.constant(Tensor([2, 3, 4] as [Int64])))
        y = g("Cast", y, attributes: ["to": .int(1)])
        y = g("Slice", y, g.constant(Tensor([0] as [Int64])), g.constant(Tensor([99] as [Int64])))
        y = g("Concat", g("Dropout", y), attributes: ["axis": .int(0)])
        let session = try expectSameResults(g.model(g("Sigmoid", y)), ["x": generator.floats([2, 3, 4])])
        #expect(session.operatorCounts == ["Sigmoid": 1])
    }

    @Test mutating func additionsThatEnlargeStay() throws {
        let g = GraphBuilder()
        let y = g("Add", g.input("x", [3]), g.constant(Tensor(zeros: .float32, shape: [2, 3])))
        let session = try expectSameResults(g.model(y), ["x": generator.floats([3])])
        #expect(session.operatorCounts == ["Add": 1])
    }

    @Test mutating func aReversingSliceStays() throws {
        let g = GraphBuilder()
        let y = g(
            "Slice", g.input("x", [3]), g.constant(Tensor([-1] as [Int64])), g.constant(Tensor([Int64.min])),
            g.constant(Tensor([0] as [Int64])), g.constant(Tensor([-1] as [Int64])))
        let session = try expectSameResults(g.model(y), ["x": generator.floats([3])])
        #expect(session.operatorCounts == ["Slice": 1])
    }

    @Test mutating func constantPartsAreComputed() throws {
        let g = GraphBuilder()
        let y = g.input("x", [2]) + g("Exp", g.constant(2) + 1) * 3
        let session = try expectSameResults(g.model(y), ["x": generator.floats([2])])
        #expect(session.operatorCounts == ["Add": 1])
    }

    @Test func largeResultsAreNotKept() throws {
        let g = GraphBuilder()
        let filled = g("Expand", g.constant(1), g.constant(Tensor([2048, 2048] as [Int64])))
        let session = try Session(g.model(g("ReduceSum", filled, g.omitted, attributes: ["keepdims": .int(0)])))
        #expect(session.passReports[0].refusals.first?.reason.contains("far more memory") == true)
    }

    @Test mutating func shapesWithOneOpenLengthBecomeConstant() throws {
        let g = GraphBuilder()
        let x = g.input("x", dimensions: [.symbolic("N"), .fixed(3), .fixed(4)])
        let length = g("Gather", g("Shape", x), g.constant(Tensor([0] as [Int64])), attributes: ["axis": .int(0)])
        let target = g("Concat", length, g.constant(Tensor([12] as [Int64])), attributes: ["axis": .int(0)])
        let session = try expectSameResults(g.model(g("Reshape", x, target)), ["x": generator.floats([5, 3, 4])])
        #expect(session.operatorCounts == ["Reshape": 1])
    }
}
