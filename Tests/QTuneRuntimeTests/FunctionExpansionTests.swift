import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

struct FunctionExpansionTests {
    /// Leaky(x, slope) = max(x, slope * x), with the slope an attribute of the call that has a default.
    private var leaky: Function {
        var function = Function(
            name: "Leaky", domain: "test", inputs: ["x"], outputs: ["y"],
            nodes: [
                Node(
                    "Constant", inputs: [], outputs: ["s"],
                    attributes: ["value_float": .reference(name: "slope", kind: 1)]),
                Node("Mul", inputs: ["x", "s"], outputs: ["p"]), Node("Max", inputs: ["x", "p"], outputs: ["y"]),
            ], opsets: ["": 21])
        function.attributeDefaults = ["slope": .float(0.5)]
        return function
    }

    private func model(_ build: (GraphBuilder, GraphBuilder.Expression) -> GraphBuilder.Expression) -> Model {
        let g = GraphBuilder()
        var model = g.model(build(g, g.input("x", [2])))
        model.opsets["test"] = 1
        model.functions = [leaky]
        return model
    }

    private let x = Tensor([4, -4] as [Float])

    @Test func callsBecomeNodes() throws {
        let session = try Session(
            model { g, x in
                g("test.Leaky", g("test.Leaky", x, attributes: ["slope": .float(0.25)]), named: "y")
            })
        #expect(try session.run(["x": x])["y"]?.array(of: Float.self) == [4, -0.5])
    }

    @Test func functionsThatCallThemselvesAreErrors() {
        var endless = model { g, x in g("test.Leaky", x) }
        endless.functions[0].nodes = [Node("Leaky", domain: "test", inputs: ["x"], outputs: ["y"])]
        let error = #expect(throws: QTuneError.self) { try Session(endless) }
        #expect(error?.code == .invalidModel)
    }

    @Test func functionsOfAnotherOperatorSetAreErrors() {
        var old = model { g, x in g("test.Leaky", x) }
        old.functions[0].opsets[""] = 12
        let error = #expect(throws: QTuneError.self) { try Session(old) }
        #expect(error?.code == .unsupported)
    }
}
