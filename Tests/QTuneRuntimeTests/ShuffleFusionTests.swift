import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Concatenation, channel shuffle and split between convolutions, as ShuffleNet has them.
struct ShuffleFusionTests {
    private var generator = SeededGenerator(seed: 31)

    enum Ending: CaseIterable { case whole, slices, swappedSlices, split, overlappingSlices, outputToo }

    /// `between` stands after each step.
    private func shuffled(
        _ g: GraphBuilder, _ x: GraphBuilder.Expression, groups: Int64, channels: Int64,
        between: (GraphBuilder.Expression) -> GraphBuilder.Expression = { $0 }
    ) -> GraphBuilder.Expression {
        let split = between(g("Reshape", x, g.constant(Tensor([2, groups, channels / groups, 3, 5] as [Int64]))))
        let turned = between(g("Transpose", split, attributes: ["perm": .ints([0, 2, 1, 3, 4])]))
        return between(g("Reshape", turned, g.constant(Tensor([2, channels, 3, 5] as [Int64]))))
    }

    private func halves(
        _ g: GraphBuilder, _ x: GraphBuilder.Expression, _ ending: Ending, channels: Int64
    ) -> [GraphBuilder.Expression] {
        let ints = { (values: [Int64]) in g.constant(Tensor(values)) }
        let half = channels / 2
        let slice = { (from: Int64, to: Int64) in g("Slice", x, ints([from]), ints([to]), ints([1])) }
        switch ending {
        case .whole: return [x, x]
        case .slices, .outputToo: return [slice(0, half), slice(half, .max)]
        case .swappedSlices: return [slice(half, channels), slice(0, half)]
        case .split:
            let parts = g.apply("Split", [x, ints([half, half])], results: [nil, nil], attributes: ["axis": .int(1)])
            return [parts[0], parts[1]]
        case .overlappingSlices: return [slice(0, half), slice(half - 1, channels - 1)]
        }
    }

    private mutating func conv(
        _ g: GraphBuilder, _ x: GraphBuilder.Expression, _ inputs: Int, _ outputs: Int
    ) -> GraphBuilder.Expression {
        g("Conv", x, g.constant(generator.floats([outputs, inputs, 1, 1])))
    }

    @Test(arguments: Ending.allCases) mutating func floatsAreShuffledInOneWalk(_ ending: Ending) throws {
        let g = GraphBuilder()
        let x = g.input("x", [2, 3, 3, 5])
        let joined = g("Concat", conv(g, x, 3, 6), conv(g, x, 3, 6), attributes: ["axis": .int(1)])
        let all = shuffled(g, joined, groups: 2, channels: 12)
        let parts = halves(g, all, ending, channels: 12)
        let inputs = ending == .whole ? 12 : 6
        let y = conv(g, parts[0], inputs, 2) + conv(g, parts[1], inputs, 2)
        let model = ending == .outputToo ? g.model(g("Concat", y, all, attributes: ["axis": .int(1)])) : g.model(y)
        let session = try expectSameResults(model, ["x": generator.floats([2, 3, 3, 5])])
        let counts = session.operatorCounts
        #expect(counts["qtune.InterleaveChannels"] == 1)
        #expect(counts["qtune.ChannelShuffle"] == nil)
        let staysWhole = [.whole, .overlappingSlices, .outputToo].contains(ending)
        #expect((counts["Slice"] ?? 0) + (counts["Split"] ?? 0) == (staysWhole && ending != .whole ? 2 : 0))
        #expect(session.report("fuse-channel-shuffle")?.matches.count == 1)
    }

    @Test mutating func otherShufflesSayWhyTheyStay() throws {
        for (groups, operands) in [(3, 2), (2, 3), (2, 1)] {
            let g = GraphBuilder()
            let x = g.input("x", [2, 3, 3, 5])
            let images = (0..<operands).map { _ in conv(g, x, 3, 12 / operands) }
            let axis: [String: Attribute] = ["axis": .int(1)]
            let joined = operands == 1 ? images[0] : g.apply("Concat", images, results: [nil], attributes: axis)[0]
            let y = conv(g, shuffled(g, joined, groups: Int64(groups), channels: 12), 12, 2)
            let session = try expectSameResults(g.model(y), ["x": generator.floats([2, 3, 3, 5])])
            #expect(session.operatorCounts["qtune.ChannelShuffle"] == 1)
            #expect(session.report("fuse-channel-shuffle")?.refusals.count == 1)
        }
    }

    /// Steps of the operands and of the result; the halves go on as integers.
    @Test(arguments: [[0.05, 0.05, 0.05], [0.05, 0.03, 0.04], [0.04, 0.05, 0.04]] as [[Float]], Ending.allCases)
    mutating func integersAreShuffledInOneWalk(_ steps: [Float], _ ending: Ending) throws {
        let g = GraphBuilder()
        func quantized(_ x: GraphBuilder.Expression, _ step: Float, _ zero: UInt8) -> GraphBuilder.Expression {
            let (s, z) = (g.constant(step), g.constant(Tensor(scalar: zero)))
            return g("DequantizeLinear", g("QuantizeLinear", x, s, z), s, z)
        }
        let x = g.input("x", [2, 3, 3, 5])
        let (a, b) = (quantized(conv(g, x, 3, 8), steps[0], 120), quantized(conv(g, x, 3, 8), steps[1], 120))
        let joined = quantized(g("Concat", a, b, attributes: ["axis": .int(1)]), steps[2], 120)
        let all = shuffled(g, joined, groups: 2, channels: 16) { quantized($0, steps[2], 120) }
        let parts = halves(g, all, ending, channels: 16).map { quantized($0, steps[2], 120) }
        let last = ending == .outputToo ? all : parts[1]
        let y = g("Concat", parts[0], last, attributes: ["axis": .int(1)])
        let model = g.model(g("QuantizeLinear", y, g.constant(steps[2]), g.constant(Tensor(scalar: 120 as UInt8))))
        let session = try expectSameResults(
            model, ["x": generator.floats([2, 3, 3, 5])], steps: Set(steps).count == 1 ? 0 : 1)
        #expect(session.operatorCounts["qtune.InterleaveChannels"] == 1)
        #expect(session.operatorCounts["qtune.ChannelShuffle"] == nil)
    }
}
