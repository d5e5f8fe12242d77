import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// GELU in the forms that exporters give it, behind a product that takes it over.
struct GeluRecognitionTests {
    private typealias Expression = GraphBuilder.Expression

    /// A way to write the function.
    typealias Form = @Sendable (GraphBuilder, GraphBuilder.Expression) -> GraphBuilder.Expression

    static let forms: [(name: String, make: Form)] = [
        ("half last", { g, x in x * (g("Erf", x / g.constant(1.414_213_5)) + 1) * 0.5 }),
        ("half first", { g, x in (x * 0.5) * (g("Erf", x * 0.707_106_77) + 1) }),
        ("half with the gate", { g, x in x * ((g.constant(1) + g("Erf", x / g.constant(1.414_213_5))) * 0.5) }),
        ("divided by two", { g, x in (x * (g("Erf", x * 0.707_106_77) + 1)) / g.constant(2) }),
        ("node", { g, x in g("Gelu", x) }),
        ("contributed node", { g, x in g("com.microsoft.Gelu", x) }),
        (
            "tanh of a power",
            { g, x in
                (x * 0.5) * (g("Tanh", (x + g("Pow", x, g.constant(3)) * 0.044_715) * 0.797_884_56) + 1)
            }
        ),
        (
            "tanh of products",
            { g, x in
                x * (g("Tanh", (x * (((x * 0.044_715) * x) + 1)) * 0.797_884_56) + 1) * 0.5
            }
        ),
        ("tanh node", { g, x in g("Gelu", x, attributes: ["approximate": .string("tanh")]) }),
        ("fast node", { g, x in g("com.microsoft.FastGelu", x) }),
    ]

    @Test(arguments: forms.indices) func isOneWithTheProduct(form: Int) throws {
        var numbers = SeededGenerator(seed: 31)
        let g = GraphBuilder()
        let x = g.input("x", dimensions: [.symbolic("rows"), .fixed(6)])
        let product = g("MatMul", x, g.constant(numbers.floats([6, 21], in: -3...3)))
        let y = Self.forms[form].make(g, product + g.constant(numbers.floats([21])))
        let session = try expectSameResults(g.model(y), ["x": numbers.floats([7, 6])])
        #expect(session.operatorCounts == ["qtune.Linear": 1], "\(Self.forms[form].name)")
    }

    @Test(arguments: ["com.microsoft.BiasGelu", "com.microsoft.FastGelu"])
    func takesTheBiasOfTheNode(type: String) throws {
        var numbers = SeededGenerator(seed: 32)
        let g = GraphBuilder()
        let product = g("MatMul", g.input("x", [4, 6]), g.constant(numbers.floats([6, 9])))
        let y = g(type, product, g.constant(numbers.floats([9])))
        let session = try expectSameResults(g.model(y), ["x": numbers.floats([4, 6])])
        #expect(session.operatorCounts == ["qtune.Linear": 1])
    }

    @Test func otherNumbersAreNoGelu() throws {
        var numbers = SeededGenerator(seed: 33)
        let feeds = ["x": numbers.floats([4, 6])]
        let others: [(GraphBuilder, Expression) -> Expression] = [
            { g, x in x * (g("Erf", x * 0.7) + 1) * 0.5 }, { g, x in x * (g("Erf", x * 0.707_106_77) + 1) * 0.6 },
            { g, x in x * (g("Erf", x * 0.707_106_77) + 2) * 0.5 },
            { g, x in x * (g("Tanh", (x + g("Pow", x, g.constant(2)) * 0.044_715) * 0.797_884_56) + 1) * 0.5 },
            // The constant gives the result another axis.
            { g, x in x * (g("Erf", x * 0.707_106_77) + 1) * g.constant(Tensor([Float(0.5)], shape: [1, 1, 1])) },
        ]
        for make in others {
            let g = GraphBuilder()
            let session = try expectSameResults(g.model(make(g, g.input("x", [4, 6]))), feeds)
            #expect(session.operatorCounts["qtune.Activate"] == nil)
        }
    }
}
