import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Normalizations of rows in the forms that exporters give them.
struct NormalizationRecognitionTests {
    private typealias Expression = GraphBuilder.Expression

    /// How a chain is written.
    enum Form: CaseIterable {
        case division, reciprocal, quotientOfOne, negativePower, halfPower, squareByProduct, twoDifferences
        case rootMeanSquare, rootMeanSquareByReciprocal
    }

    private func mean(_ g: GraphBuilder, _ x: Expression) -> Expression {
        g("ReduceMean", x, g.constant(Tensor([Int64(-1)])))
    }

    private func chain(_ g: GraphBuilder, _ x: Expression, _ form: Form, epsilon: Float = 1e-5) -> Expression {
        let isCentred = form != .rootMeanSquare && form != .rootMeanSquareByReciprocal
        let difference = isCentred ? x - mean(g, x) : x
        let base = form == .twoDifferences ? x - mean(g, x) : difference
        let square = form == .squareByProduct ? base * base : g("Pow", base, g.constant(2))
        let radicand = g.constant(epsilon) + mean(g, square)
        switch form {
        case .reciprocal, .rootMeanSquareByReciprocal: return g("Reciprocal", g("Sqrt", radicand)) * difference
        case .quotientOfOne: return difference * (g.constant(1) / g("Sqrt", radicand))
        case .negativePower: return difference * g("Pow", radicand, g.constant(-0.5))
        case .halfPower: return difference / g("Pow", radicand, g.constant(0.5))
        default: return difference / g("Sqrt", radicand)
        }
    }

    @Test(arguments: Form.allCases) func chainsBecomeOneNode(form: Form) throws {
        var numbers = SeededGenerator(seed: 21)
        for (shape, hasParameters) in [([2, 5, 33], true), ([3, 1], true), ([1, 16], false)] as [([Int], Bool)] {
            let g = GraphBuilder()
            let length = shape[shape.count - 1]
            let x = g.input(
                "x", dimensions: shape.dropLast().map { .symbolic("n\($0)") } + [.fixed(length)])
            var y = chain(g, x, form)
            if hasParameters {
                y = g.constant(numbers.floats([length])) * y + g.constant(numbers.floats([1, length]))
            }
            let session = try expectSameResults(g.model(y), ["x": numbers.floats(Shape(shape), in: -3...5)])
            #expect(session.operatorCounts == ["qtune.NormalizeRows": 1], "\(form) of \(shape)")
        }
    }

    /// An epsilon that gives the result another axis.
    @Test func constantsOfMoreAxesStay() throws {
        var numbers = SeededGenerator(seed: 20)
        let g = GraphBuilder()
        let x = g.input("x", [4, 9])
        let difference = x - mean(g, x)
        let variance = mean(g, g("Pow", difference, g.constant(2)))
        let y = difference / g("Sqrt", variance + g.constant(Tensor([Float(1e-5)], shape: [1, 1, 1])))
        let session = try expectSameResults(g.model(y), ["x": numbers.floats([4, 9])])
        #expect(session.operatorCounts["qtune.NormalizeRows"] == nil)
    }

    @Test func whatOthersReadStays() throws {
        var numbers = SeededGenerator(seed: 22)
        let feeds = ["x": numbers.floats([4, 9])]
        let g = GraphBuilder()
        let x = g.input("x", [4, 9])
        let difference = x - mean(g, x)
        let y = difference / g("Sqrt", mean(g, g("Pow", difference, g.constant(2))) + 1e-5)
        let model = g.model(y)
        for tap in [difference.name] {
            let session = try expectSameResults(model, feeds, taps: [tap])
            #expect(session.operatorCounts["qtune.NormalizeRows"] == nil)
            #expect(session.report("recognise-normalizations")?.refusals.isEmpty == false)
        }
        #expect(try expectSameResults(model, feeds).operatorCounts == ["qtune.NormalizeRows": 1])
        // The mean of another axis.
        let h = GraphBuilder()
        let z = h.input("x", [4, 9])
        let first = { (value: Expression) in h("ReduceMean", value, h.constant(Tensor([Int64(0)]))) }
        let other = z - first(z)
        let column = other / h("Sqrt", first(h("Pow", other, h.constant(2))) + 1)
        let session = try expectSameResults(h.model(column), feeds)
        #expect(session.operatorCounts["qtune.NormalizeRows"] == nil)
    }

    @Test func parametersThatAreNoRowStayOutside() throws {
        var numbers = SeededGenerator(seed: 23)
        let g = GraphBuilder()
        let y = chain(g, g.input("x", [4, 9]), .division) * g.constant(numbers.floats([4, 1]))
        let session = try expectSameResults(g.model(y), ["x": numbers.floats([4, 9])])
        #expect(session.operatorCounts == ["qtune.NormalizeRows": 1, "Mul": 1])
    }

    @Test func nodesBecomeTheSame() throws {
        var numbers = SeededGenerator(seed: 24)
        let (scale, shift) = (numbers.floats([9]), numbers.floats([9]))
        let feeds = ["x": numbers.floats([2, 3, 9], in: -2...4)]
        for axis in [-1, 2] as [Int64] {
            let g = GraphBuilder()
            let y = g(
                "LayerNormalization", g.input("x", [2, 3, 9]), g.constant(scale), g.constant(shift),
                attributes: ["axis": .int(axis), "epsilon": .float(1e-3)])
            #expect(try expectSameResults(g.model(y), feeds).operatorCounts == ["qtune.NormalizeRows": 1])
        }
        let g = GraphBuilder()
        let y = g("RMSNormalization", g.input("x", [2, 3, 9]), g.constant(scale))
        #expect(try expectSameResults(g.model(y, opset: 23), feeds).operatorCounts == ["qtune.NormalizeRows": 1])
        // Over two axes, or with its statistics, a node stays.
        for (axis, results) in [(1, [nil]), (2, [nil, "mean"])] as [(Int64, [String?])] {
            let h = GraphBuilder()
            let made = h.apply(
                "LayerNormalization",
                [h.input("x", [2, 3, 9]), h.constant(axis == 1 ? numbers.floats([3, 9]) : scale)], results: results,
                attributes: ["axis": .int(axis)])
            let model = Model(graph: h.graph(made), opsets: ["": 21])
            #expect(try expectSameResults(model, feeds).operatorCounts == ["LayerNormalization": 1])
        }
    }

    @Test(arguments: [false, true]) func sumsGoToTheProductBefore(givesSum: Bool) throws {
        var numbers = SeededGenerator(seed: 25)
        let g = GraphBuilder()
        let x = g.input("x", dimensions: [.symbolic("batch"), .symbolic("sequence"), .fixed(8)])
        let product = g("MatMul", x, g.constant(numbers.floats([8, 8])))
        let made = g.apply(
            "com.microsoft.SkipLayerNormalization",
            [
                product, x, g.constant(numbers.floats([8])), g.constant(numbers.floats([8])),
                g.constant(numbers.floats([8])),
            ], results: givesSum ? [nil, "", "", "sum"] : [nil], attributes: ["epsilon": .float(1e-5)])
        let model = Model(
            graph: g.graph(givesSum ? [made[0], made[3]] : made), opsets: ["": 21, "com.microsoft": 1])
        let session = try expectSameResults(model, ["x": numbers.floats([2, 3, 8])])
        #expect(session.operatorCounts == ["qtune.Linear": 1, "qtune.NormalizeRows": 1])
    }
}
