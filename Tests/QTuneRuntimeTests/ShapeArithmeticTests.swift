import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Shapes that a network computes from those of its inputs.
struct ShapeArithmeticTests {
    private let lengths: [Dimension] = [.symbolic("batch"), .symbolic("sequence"), .fixed(12)]

    /// The length of an axis as a vector of one.
    private func length(_ g: GraphBuilder, _ x: GraphBuilder.Expression, _ axis: Int64) -> GraphBuilder.Expression {
        g(
            "Unsqueeze", g("Gather", g("Shape", x), g.constant(Tensor(scalar: axis))),
            g.constant(Tensor([Int64(0)])))
    }

    @Test func lengthsOfTheOperandAreCopied() throws {
        var numbers = SeededGenerator(seed: 61)
        let g = GraphBuilder()
        let x = g.input("x", dimensions: lengths)
        let target = g(
            "Concat", length(g, x, 0), length(g, x, 1), g.constant(Tensor([Int64(3), -1])),
            attributes: ["axis": .int(0)])
        let model = g.model(g("Reshape", x, target))
        for shape in [[2, 5, 12], [1, 1, 12]] as [Shape] {
            let feeds = ["x": numbers.floats(shape)]
            let session = try expectSameResults(model, feeds)
            #expect(session.operatorCounts == ["Reshape": 1])
            #expect(try session.run(feeds).values.first?.shape == [shape[0], shape[1], 3, 4])
        }
    }

    @Test func lengthsThatAreCopiedMayBeNothing() throws {
        let g = GraphBuilder()
        let x = g.input("x", dimensions: lengths)
        let target = g(
            "Concat", length(g, x, 0), length(g, x, 1), g.constant(Tensor([Int64(3), 4])),
            attributes: ["axis": .int(0)])
        let session = try expectSameResults(
            g.model(g("Reshape", x, target)), ["x": Tensor(zeros: .float32, shape: [0, 4, 12])])
        #expect(session.operatorCounts == ["Reshape": 1])
    }

    @Test func equalShapesAreComputedOnce() throws {
        var numbers = SeededGenerator(seed: 62)
        let g = GraphBuilder()
        let x = g.input("x", dimensions: lengths)
        // The operands' axes stand elsewhere in the targets.
        let targets = (0..<2).map { _ in
            g(
                "Concat", length(g, x, 1), length(g, x, 0), g.constant(Tensor([Int64(12)])),
                attributes: ["axis": .int(0)])
        }
        let y = g("Reshape", x, targets[0]) + g("Reshape", g("Relu", x), targets[1])
        let session = try expectSameResults(g.model(y), ["x": numbers.floats([2, 3, 12])])
        #expect(session.operatorCounts["Concat"] == 1)
        #expect((session.report("join-equal-nodes")?.matches.count ?? 0) > 0)
    }

    /// Random numbers are drawn anew by every node, and a result that is given out keeps its name.
    @Test func whatIsNotTheSameStays() throws {
        let g = GraphBuilder()
        let x = g.input("x", dimensions: lengths)
        let shape = g("Shape", x)
        let draws = (0..<2).map { _ in g("Bernoulli", x, attributes: ["dtype": .int(7)]) }
        let model = g.model(draws[0] + draws[1], shape, g("Shape", x))
        let session = try Session(model)
        #expect(session.operatorCounts["Bernoulli"] == 2)
        let results = try session.run(["x": Tensor(zeros: .float32, shape: [2, 3, 12])])
        #expect(results[shape.name]?.integers == [2, 3, 12] && results.count == 3)
    }
}
