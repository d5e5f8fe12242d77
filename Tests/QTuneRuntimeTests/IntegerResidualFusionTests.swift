import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Sums of a convolution of integers and another quantized tensor.
struct IntegerResidualFusionTests {
    private var generator = SeededGenerator(seed: 11)

    private func quantization(_ g: GraphBuilder, _ scale: Float, _ zeroPoint: UInt8) -> [GraphBuilder.Expression] {
        [g.constant(scale), g.constant(Tensor(scalar: zeroPoint))]
    }

    /// A quantized 3x3 convolution of 4 channels to 4, dequantized again, and `other`, a dequantized image.
    private mutating func branches(
        _ g: GraphBuilder, groups: Int = 1
    ) -> (convolution: GraphBuilder.Expression, other: GraphBuilder.Expression) {
        let x = quantization(g, 0.02, 120)
        let weights = g(
            "DequantizeLinear", g.constant(generator.integers(Int8.self, [4, 4 / groups, 3, 3])),
            g.constant(Tensor([0.001, 0.002, 0.003, 0.004] as [Float])), attributes: ["axis": .int(0)])
        let sums = g(
            "Conv", g("DequantizeLinear", g.input("x", .uint8, [2, 4, 6, 5]), x[0], x[1]), weights,
            attributes: ["pads": .ints([1, 1, 1, 1]), "group": .int(Int64(groups))])
        let c = quantization(g, 0.04, 131)
        let integers = g("QuantizeLinear", sums, c[0], c[1])
        let o = quantization(g, 0.03, 90)
        return (
            g("DequantizeLinear", integers, c[0], c[1]),
            g("DequantizeLinear", g.input("other", .uint8, [2, 4, 6, 5]), o[0], o[1])
        )
    }

    private mutating func feeds() -> [String: Tensor] {
        ["x": generator.integers(UInt8.self, [2, 4, 6, 5]), "other": generator.integers(UInt8.self, [2, 4, 6, 5])]
    }

    @Test(arguments: [true, false], [nil, "Relu"] as [String?])
    mutating func theConvolutionAdds(convolutionFirst: Bool, activation: String?) throws {
        let g = GraphBuilder()
        let (convolution, other) = branches(g)
        let sum = convolutionFirst ? g("Add", convolution, other) : g("Add", other, convolution)
        let y = quantization(g, 0.05, 17)
        let model = g.model(g("QuantizeLinear", activation.map { g($0, sum) } ?? sum, y[0], y[1], named: "y"))
        let session = try expectSameResults(model, feeds(), steps: 1)
        #expect(session.operatorCounts["qtune.IntegerConv2D"] == 1)
        #expect(session.operatorCounts["qtune.QuantizedAdd"] == nil)
    }

    @Test mutating func depthwiseConvolutionsDoNotAdd() throws {
        let g = GraphBuilder()
        let (convolution, other) = branches(g, groups: 4)
        let y = quantization(g, 0.05, 17)
        let model = g.model(g("QuantizeLinear", g("Add", convolution, other), y[0], y[1], named: "y"))
        let session = try expectSameResults(model, feeds(), steps: 1)
        #expect(session.operatorCounts["qtune.QuantizedAdd"] == 1)
        #expect(session.report("fuse-integer-residual")?.refusals.count == 1)
    }

    /// A result that something else needs too stays a result of its own.
    @Test mutating func sharedResultsAreNotAdded() throws {
        let g = GraphBuilder()
        let (convolution, other) = branches(g)
        let y = quantization(g, 0.05, 17)
        let sum = g("QuantizeLinear", g("Add", convolution, other), y[0], y[1])
        let both = g("Concat", g("DequantizeLinear", sum, y[0], y[1]), convolution, attributes: ["axis": .int(1)])
        let model = g.model(g("QuantizeLinear", both, y[0], y[1], named: "y"))
        let session = try expectSameResults(model, feeds(), steps: 1)
        #expect(session.operatorCounts["qtune.QuantizedAdd"] == 1)
    }
}
