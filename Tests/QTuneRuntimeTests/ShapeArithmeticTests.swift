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

/// What a plan keeps of the run that it was made from.
struct KnownValueTests {
    /// x[N, 3] times a column of 1, 2, 3, ... N, beside its shape.
    private func model() -> Model {
        let g = GraphBuilder()
        let x = g.input("x", dimensions: [.symbolic("N"), .fixed(3)])
        let length = g("Gather", g("Shape", x), g.constant(Tensor(scalar: Int64(0))))
        let one = g.constant(Tensor(scalar: Int64(1)))
        let numbers = g("Range", one, g("Add", length, one), one)
        let column = g("Unsqueeze", g("Cast", numbers, attributes: ["to": .int(1)]), g.constant(Tensor([Int64(1)])))
        return g.model(g("Mul", g("Neg", x), column, named: "y"), g("Shape", x, named: "shape"))
    }

    @Test func shapesAreComputedOnceForASignature() throws {
        let session = try Session(model())
        for length in [2, 5, 2, 5, 1] {
            let x = Tensor((0..<length * 3).map { Float($0) }, shape: [length, 3])
            let expected: [Float] = (0..<length * 3).map { index in -Float(index) * Float(index / 3 + 1) }
            for _ in 0..<2 {
                let profiler = Profiler()
                let results = try session.run(["x": x], profiler: profiler)
                #expect(results["shape"]?.integers == [length, 3])
                #expect(results["y"]?.array(of: Float.self) == expected)
            }
            let profiler = Profiler()
            _ = try session.run(["x": x], profiler: profiler)
            #expect(profiler.entries.map(\.operatorType) == ["Neg", "Mul"])
        }
    }

    /// What may be written over is never what a plan keeps: the second run reads the same numbers as the first.
    @Test func keptValuesAreNotOverwritten() throws {
        let g = GraphBuilder()
        let x = g.input("x", dimensions: [.symbolic("N")])
        let kept = g("ConstantOfShape", g("Shape", x), attributes: ["value": .tensor(Tensor([Float(2)]))])
        let squared = g("Sigmoid", kept)
        let session = try Session(g.model(g("Relu", kept + x), g("Relu", squared + x), kept))
        let x0 = Tensor([1, 2, 3] as [Float])
        let first = try session.run(["x": x0])
        for _ in 0..<3 { #expect(try session.run(["x": x0]) == first) }
    }

    /// Random numbers, the contents of operands, and what depends on them are made anew by every run.
    @Test func whatDependsOnContentsIsNotKept() throws {
        let g = GraphBuilder()
        let x = g.input("x", [4])
        let nonzero = g("Shape", g("NonZero", x), named: "count")
        let draw = g(
            "RandomUniformLike", g("ConstantOfShape", g("Shape", x)), named: "draw",
            attributes: ["dtype": .int(1)])
        let session = try Session(g.model(nonzero, draw))
        var draws: Set<[Float]> = []
        for (numbers, count) in [([0, 1, 0, 1], 2), ([1, 1, 1, 1], 4), ([0, 0, 0, 0], 0)] as [([Float], Int)] {
            let results = try session.run(["x": Tensor(numbers)])
            #expect(results["count"]?.integers == [1, count])
            draws.insert(try #require(results["draw"]).array(of: Float.self))
        }
        #expect(draws.count == 3)
    }

    /// Views are handed on without a step, and large values are made again.
    @Test func viewsAndLargeValues() throws {
        let g = GraphBuilder()
        let x = g.input("x", [4, 6])
        let flat = g("Flatten", g("Sigmoid", x), attributes: ["axis": .int(0)])
        let back = g("Reshape", g("Relu", flat), g.constant(Tensor([6, 4] as [Int64])))
        let large = g(
            "Expand", g("Shape", x), g.constant(Tensor([70_000, 2] as [Int64])))
        let model = g.model(g("Squeeze", g("Unsqueeze", back, g.constant(Tensor([0] as [Int64])))), flat, large)
        var generator = SeededGenerator(seed: 8)
        try expectSameResults(model, ["x": generator.floats([4, 6])])
    }
}
