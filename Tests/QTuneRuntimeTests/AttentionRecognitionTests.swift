import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Attention in the forms that exporters give it.
struct AttentionRecognitionTests {
    private typealias Expression = GraphBuilder.Expression

    private static let (heads, size) = (3, 5)

    /// [batch, sequence, heads * size] as [batch, sequence, heads, size], transposed.
    private func split(_ g: GraphBuilder, _ x: Expression, _ axes: [Int64]) -> Expression {
        let shape = g.constant(Tensor([0, 0, Int64(Self.heads), Int64(Self.size)]))
        return g("Transpose", g("Reshape", x, shape), attributes: ["perm": .ints(axes)])
    }

    private func joined(_ g: GraphBuilder, _ x: Expression) -> Expression {
        let back = g("Transpose", x, attributes: ["perm": .ints([0, 2, 1, 3])])
        return g("Reshape", back, g.constant(Tensor([0, 0, Int64(Self.heads * Self.size)])))
    }

    private func softmax(_ g: GraphBuilder, _ x: Expression) -> Expression {
        g("Softmax", x, attributes: ["axis": .int(-1)])
    }

    private func inputs(_ g: GraphBuilder) -> [Expression] {
        let open: [Dimension] = [.symbolic("batch"), .symbolic("sequence"), .fixed(Self.heads * Self.size)]
        return ["q", "k", "v"].map { g.input($0, dimensions: open) }
    }

    private func feeds(batch: Int, rows: Int, _ numbers: inout SeededGenerator) -> [String: Tensor] {
        var feeds: [String: Tensor] = [:]
        for name in ["q", "k", "v"] { feeds[name] = numbers.floats([batch, rows, Self.heads * Self.size]) }
        return feeds
    }

    /// Where the scale stands.
    enum Scale: CaseIterable { case none, scoresDivided, scoresMultiplied, queries, both }

    @Test(arguments: Scale.allCases) func isOneNode(scale: Scale) throws {
        var numbers = SeededGenerator(seed: 41)
        for (batch, rows) in [(1, 1), (2, 7), (1, 70)] {
            let g = GraphBuilder()
            let x = inputs(g)
            var (q, k) = (split(g, x[0], [0, 2, 1, 3]), split(g, x[1], [0, 2, 3, 1]))
            if scale == .queries { q = q / g.constant(2.2) }
            if scale == .both { (q, k) = (q * 0.7, g.constant(0.7) * k) }
            var scores = g("MatMul", q, k)
            if scale == .scoresDivided { scores = scores / g.constant(2.2) }
            if scale == .scoresMultiplied { scores = scores * 0.4 }
            let y = joined(g, g("MatMul", softmax(g, scores), split(g, x[2], [0, 2, 1, 3])))
            let session = try expectSameResults(g.model(y), feeds(batch: batch, rows: rows, &numbers))
            #expect(session.operatorCounts == ["qtune.HeadAttention": 1, "Reshape": 4])
        }
    }

    /// Masks of fewer axes, and such as add batches.
    @Test(arguments: [[2, 1, 1, 7], [2, 1, 7, 7], [1, 3, 7, 7], [7], [7, 7], [2, 3, 7, 1], [1, 1, 7, 7]])
    func masksBroadcast(shape: [Int]) throws {
        var numbers = SeededGenerator(seed: 42)
        for batch in [1, 2] {
            let g = GraphBuilder()
            let x = inputs(g)
            let mask = g.input("mask", dimensions: shape.map { _ in .unknown })
            let scores = g("MatMul", split(g, x[0], [0, 2, 1, 3]), split(g, x[1], [0, 2, 3, 1])) * 0.4 + mask
            let y = g("MatMul", softmax(g, scores), split(g, x[2], [0, 2, 1, 3]))
            var all = feeds(batch: batch, rows: 7, &numbers)
            all["mask"] = numbers.floats(Shape(shape), in: -2...2)
            let session = try expectSameResults(g.model(y), all)
            #expect(session.operatorCounts["qtune.HeadAttention"] == 1 && session.operatorCounts["Softmax"] == nil)
        }
    }

    /// A mask may have more queries than there are: each query then counts several times.
    @Test func masksOfMoreQueries() throws {
        var numbers = SeededGenerator(seed: 43)
        let g = GraphBuilder()
        let (q, k, v) = (g.input("q", [1, 2, 1, 4]), g.input("k", [1, 2, 4, 6]), g.input("v", [1, 2, 6, 4]))
        let y = g("MatMul", softmax(g, g("MatMul", q, k) + g.input("mask", [3, 1, 5, 6])), v)
        let session = try expectSameResults(
            g.model(y),
            [
                "q": numbers.floats([1, 2, 1, 4]), "k": numbers.floats([1, 2, 4, 6]),
                "v": numbers.floats([1, 2, 6, 4]), "mask": numbers.floats([3, 1, 5, 6]),
            ])
        #expect(session.operatorCounts == ["qtune.HeadAttention": 1, "Transpose": 1])
    }

    /// Scores that are replaced, by large numbers or by minus infinity, in rows that see something.
    @Test(arguments: [-10_000, -3.4e38, -Float.infinity, 3], [true, false])
    func scoresAreReplaced(number: Float, keeps: Bool) throws {
        var numbers = SeededGenerator(seed: 44)
        let g = GraphBuilder()
        let x = inputs(g)
        let scores = g("MatMul", split(g, x[0], [0, 2, 1, 3]), split(g, x[1], [0, 2, 3, 1]))
        // Query i sees keys up to i.
        let sees = (0..<49).map { ($0 % 7 <= $0 / 7) == keeps }
        let condition = g.constant(Tensor(sees, shape: [1, 1, 7, 7]))
        let hidden = g.constant(number)
        let masked = keeps ? g("Where", condition, scores, hidden) : g("Where", condition, hidden, scores)
        let y = joined(g, g("MatMul", softmax(g, masked), split(g, x[2], [0, 2, 1, 3])))
        let session = try expectSameResults(g.model(y), feeds(batch: 2, rows: 7, &numbers))
        #expect(session.operatorCounts["qtune.HeadAttention"] == 1)
    }

    /// Keys as [batch, heads, sequence, size] once and then exchanged, and one head for all queries.
    @Test func keysMayBeSharedOrTransposedTwice() throws {
        var numbers = SeededGenerator(seed: 45)
        let g = GraphBuilder()
        let (q, k, v) = (g.input("q", [2, 4, 6, 8]), g.input("k", [2, 1, 9, 8]), g.input("v", [2, 1, 9, 3]))
        let exchanged = g("Transpose", k, attributes: ["perm": .ints([0, 1, 3, 2])])
        let y = g("MatMul", softmax(g, g("MatMul", q, exchanged) * 0.3), v)
        let session = try expectSameResults(
            g.model(y),
            [
                "q": numbers.floats([2, 4, 6, 8]), "k": numbers.floats([2, 1, 9, 8]),
                "v": numbers.floats([2, 1, 9, 3]),
            ])
        #expect(session.operatorCounts == ["qtune.HeadAttention": 1])
    }

    @Test func threeAxesHaveNoHeads() throws {
        var numbers = SeededGenerator(seed: 46)
        let g = GraphBuilder()
        let (q, k, v) = (g.input("q", [4, 6, 8]), g.input("k", [4, 9, 8]), g.input("v", [4, 9, 8]))
        let scores = g("MatMul", q, g("Transpose", k, attributes: ["perm": .ints([0, 2, 1])])) * 0.3
        let y = g("MatMul", softmax(g, scores + g.input("mask", [4, 1, 9])), v)
        let session = try expectSameResults(
            g.model(y),
            [
                "q": numbers.floats([4, 6, 8]), "k": numbers.floats([4, 9, 8]), "v": numbers.floats([4, 9, 8]),
                "mask": numbers.floats([4, 1, 9]),
            ])
        #expect(session.operatorCounts == ["qtune.HeadAttention": 1])
    }

    @Test func probabilitiesThatAreGivenOutStay() throws {
        var numbers = SeededGenerator(seed: 47)
        let g = GraphBuilder()
        let x = inputs(g)
        let queries = split(g, x[0], [0, 2, 1, 3])
        let scores = g("MatMul", queries, split(g, x[1], [0, 2, 3, 1]))
        let probabilities = softmax(g, scores)
        let y = g("MatMul", probabilities, split(g, x[2], [0, 2, 1, 3]))
        let model = g.model(y)
        for tap in [probabilities.name, scores.name] {
            let session = try expectSameResults(model, feeds(batch: 2, rows: 3, &numbers), taps: [tap])
            #expect(session.operatorCounts["Softmax"] == 1)
        }
        // A tap on a transposition costs the transposition, not the attention.
        let session = try expectSameResults(model, feeds(batch: 2, rows: 3, &numbers), taps: [queries.name])
        #expect(session.operatorCounts["qtune.HeadAttention"] == 1)
    }

    @Test func twoMasksAreRefused() throws {
        var numbers = SeededGenerator(seed: 48)
        let g = GraphBuilder()
        let x = inputs(g)
        let scores = g("MatMul", split(g, x[0], [0, 2, 1, 3]), split(g, x[1], [0, 2, 3, 1]))
        let mask = g.constant(numbers.floats([1, 1, 4, 4]))
        let y = g("MatMul", softmax(g, scores + mask + g.constant(numbers.floats([4]))), split(g, x[2], [0, 2, 1, 3]))
        let session = try expectSameResults(g.model(y), feeds(batch: 1, rows: 4, &numbers))
        #expect(session.report("recognise-attention")?.refusals.map(\.reason) == ["there are two masks"])
    }
}
