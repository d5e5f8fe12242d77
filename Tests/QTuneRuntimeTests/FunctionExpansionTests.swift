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

    /// Each function calls the one before it twice.
    @Test func functionsThatDoubleAreErrors() {
        var doubling = model { g, x in g("test.F40", x) }
        doubling.functions += (0...40).map { level in
            Function(
                name: "F\(level)", domain: "test", inputs: ["x"], outputs: ["y"],
                nodes: level == 0
                    ? [Node("Neg", inputs: ["x"], outputs: ["y"])]
                    : [
                        Node("F\(level - 1)", domain: "test", inputs: ["x"], outputs: ["a"]),
                        Node("F\(level - 1)", domain: "test", inputs: ["a"], outputs: ["y"]),
                    ], opsets: ["": 21, "test": 1])
        }
        let error = #expect(throws: QTuneError.self) { try Session(doubling) }
        #expect(error?.code == .unsupported)
    }

    @Test func functionsOfAnotherOperatorSetRunWhereItsOperatorsAreTheSame() throws {
        var old = model { g, x in g("test.Leaky", x, named: "y") }
        old.functions[0].nodes = [Node("Neg", inputs: ["x"], outputs: ["y"])]
        old.functions[0].opsets[""] = 13
        #expect(try Session(old).run(["x": x])["y"]?.array(of: Float.self) == [-4, 4])
    }

    /// A branch of the function has a value of its own that is called like the caller's operand.
    @Test func valuesOfBranchesDoNotHideOperands() throws {
        func branch(_ value: Float) -> Attribute {
            .graph(
                Graph(
                    outputs: [ValueInfo("o")],
                    nodes: [
                        Node("Constant", inputs: [], outputs: ["x"], attributes: ["value_float": .float(value)]),
                        Node("Add", inputs: ["p", "x"], outputs: ["o"]),
                    ]))
        }
        var model = model { g, x in g("test.Leaky", x, named: "y") }
        model.functions[0].inputs = ["p"]
        model.functions[0].nodes = [
            Node(
                "Constant", inputs: [], outputs: ["c"],
                attributes: ["value": .tensor(Tensor(scalar: true))]),
            Node(
                "If", inputs: ["c"], outputs: ["y"],
                attributes: ["then_branch": branch(10), "else_branch": branch(20)]),
        ]
        #expect(try Session(model).run(["x": x])["y"]?.array(of: Float.self) == [14, 6])
    }

    @Test func sparseInitializersAreFilled() throws {
        let g = GraphBuilder()
        var model = g.model(g("Mul", g.input("x", [2]), g.input("w", [2]), named: "y"))
        model.graph.inputs.removeAll { $0.name == "w" }
        model.graph.sparseInitializers["w"] = SparseTensor(
            values: Tensor([3] as [Float]), indices: Tensor([1] as [Int64]), dimensions: [2])
        #expect(try Session(model).run(["x": x])["y"]?.array(of: Float.self) == [0, -12])
    }

    @Test func operatorSetsThatOnlyAFunctionNamesCount() throws {
        var model = model { g, x in g("test.Leaky", x, named: "y") }
        model.opsets[""] = nil
        #expect(try Session(model).run(["x": x])["y"]?.array(of: Float.self) == [4, -2])
    }

    @Test func functionsOfAnotherOperatorSetAreErrors() {
        var old = model { g, x in g("test.Leaky", x) }
        old.functions[0].opsets[""] = 12
        let error = #expect(throws: QTuneError.self) { try Session(old) }
        #expect(error?.code == .unsupported)
    }
}
