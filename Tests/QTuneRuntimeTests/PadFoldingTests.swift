import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Pads in front of convolutions: which become part of them, and which stay and why.
struct PadFoldingTests {
    private var generator = SeededGenerator(seed: 31)

    private static let image: Shape = [2, 3, 6, 5]

    /// What a Pad does, and what is said of it; nil where it becomes part of the convolution.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var pads: [Int64] = [0, 0, 1, 2, 0, 0, 3, 0]
        var attributes: [String: Attribute] = [:]
        var value: Float?
        var axes: [Int64]?
        var convolution: [String: Attribute] = [:]
        var refusal: String?
    }

    static let cases = [
        Case(testDescription: "uneven amounts"),
        Case(testDescription: "a value of 0", value: 0),
        Case(
            testDescription: "beside the convolution's own",
            convolution: ["pads": .ints([1, 0, 2, 1]), "strides": .ints([2, 1]), "dilations": .ints([1, 2])]),
        Case(testDescription: "a convolution that says VALID", convolution: ["auto_pad": .string("VALID")]),
        Case(testDescription: "named axes", pads: [2, 1, 0, 3], axes: [-1, 2]),
        Case(
            testDescription: "another value", value: 1,
            refusal: "it does not pad with zeros"),
        Case(
            testDescription: "channels", pads: [0, 1, 0, 0, 0, -1, 0, 0],
            refusal: "it takes elements away"),
        Case(
            testDescription: "images", pads: [1, 0, 1, 1, 0, 0, 1, 1],
            refusal: "it adds images or channels"),
        Case(
            testDescription: "copies", attributes: ["mode": .string("edge")],
            refusal: "it repeats elements instead of adding zeros"),
        Case(
            testDescription: "a convolution that pads to its operand's length",
            convolution: ["auto_pad": .string("SAME_UPPER")],
            refusal: "the convolution's own padding, SAME_UPPER, depends on the length of its operand"),
    ]

    private func pad(_ g: GraphBuilder, _ x: GraphBuilder.Expression, _ c: Case) -> GraphBuilder.Expression {
        let amounts = g.constant(Tensor(c.pads))
        let value = c.value.map { g.constant($0) } ?? g.omitted
        let axes = c.axes.map { g.constant(Tensor($0)) } ?? g.omitted
        return g("Pad", x, amounts, value, axes, named: "padded", attributes: c.attributes)
    }

    @Test(arguments: cases) mutating func padsOfRealNumbers(c: Case) throws {
        let g = GraphBuilder()
        let x = g.input("x", Self.image.dimensions)
        let y = g("Conv", pad(g, x, c), g.constant(generator.floats([4, 3, 2, 2])), attributes: c.convolution)
        let session = try expectSameResults(g.model(y), ["x": generator.floats(Self.image)])
        expect(session, c)
    }

    /// DequantizeLinear, Pad, QuantizeLinear, DequantizeLinear, Conv, QuantizeLinear becomes one integer node.
    @Test(arguments: cases) mutating func padsBetweenQuantizers(c: Case) throws {
        let g = GraphBuilder()
        let (scale, zero) = (g.constant(0.02), g.constant(Tensor(scalar: UInt8(117))))
        let padded = pad(g, g("DequantizeLinear", g.input("x", .uint8, Self.image.dimensions), scale, zero), c)
        let x = g("DequantizeLinear", g("QuantizeLinear", padded, scale, zero), scale, zero)
        let weights = g("DequantizeLinear", g.constant(generator.integers(Int8.self, [4, 3, 2, 2])), g.constant(0.01))
        let y = g("QuantizeLinear", g("Conv", x, weights, attributes: c.convolution), g.constant(0.1), zero)
        let session = try expectSameResults(
            g.model(y), ["x": generator.integers(UInt8.self, Self.image)], steps: 1)
        expect(session, c)
        #expect(session.operatorCounts["qtune.IntegerConv2D"] == 1)
        if c.refusal == nil { #expect(session.operatorCounts["QuantizeLinear"] == nil) }
    }

    /// Integers are padded with the zero point of what reads them.
    @Test(arguments: [117, 116]) mutating func padsOfIntegers(value: UInt8) throws {
        let g = GraphBuilder()
        let zero = g.constant(Tensor(scalar: UInt8(117)))
        let padded = g(
            "Pad", g.input("x", .uint8, Self.image.dimensions),
            g.constant(Tensor([0, 0, 1, 0, 0, 0, 2, 1] as [Int64])),
            g.constant(Tensor(scalar: value)))
        let y = g(
            "QLinearConv", padded, g.constant(0.02), zero, g.constant(generator.integers(Int8.self, [4, 3, 2, 2])),
            g.constant(0.01), g.constant(Tensor(scalar: Int8(0))), g.constant(0.1), zero)
        let session = try expectSameResults(g.model(y), ["x": generator.integers(UInt8.self, Self.image)])
        #expect(session.operatorCounts["Pad"] == (value == 117 ? nil : 1))
    }

    @Test mutating func aPadWithOtherUsersStays() throws {
        let g = GraphBuilder()
        let padded = pad(g, g.input("x", Self.image.dimensions), Case(testDescription: ""))
        let y = g("Conv", padded, g.constant(generator.floats([4, 3, 2, 2])))
        let session = try expectSameResults(
            g.model(y, g("ReduceMax", padded)), ["x": generator.floats(Self.image)])
        #expect(session.operatorCounts["Pad"] == 1)
        #expect(
            session.report("fold-padding")?.refusals.map(\.reason) == ["its result is used elsewhere, or given out"])
    }

    private func expect(_ session: Session, _ c: Case) {
        let report = session.report("fold-padding")
        #expect(report?.matches.count == (c.refusal == nil ? 1 : 0))
        #expect(report?.refusals.map(\.reason) == (c.refusal.map { [$0] } ?? []))
        #expect(session.operatorCounts["Pad"] == (c.refusal == nil ? nil : 1))
    }
}
