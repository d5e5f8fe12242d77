import QTuneGraph
import QTuneOperators
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Later runs follow the first one's plan, in which values have places of their own.
struct PlanBindingTests {
    private var generator = SeededGenerator(seed: 77)

    /// An operator may make memory in one run and hand on its operand in another. What follows it finds the numbers in
    /// their place either way, whether the plan knows where the operand lies or not.
    @Test(arguments: [false, true], [Float(-1), 1])
    mutating func anOperandThatIsHandedOn(isOperandMade: Bool, first: Float) throws {
        let g = GraphBuilder()
        let x = g.input("x", [8])
        let handed = g("HandsOn", isOperandMade ? g("Neg", g("Neg", x)) : x)
        let model = g.model(g("Exp", g("Neg", handed), named: "y"))
        let session = try Session(
            model, options: SessionOptions(optimizes: false), registry: .standard.adding([HandsOn.self]),
            backend: CPUBackend())
        for sign in [first, -first, first, -first] {
            let numbers = [sign] + generator.floats([7]).array(of: Float.self)
            let results = try session.run(["x": Tensor(numbers)])
            let expected = try Session(Self.negativeExponential).run(["x": Tensor(numbers)])
            #expect(results["y"] == expected["y"])
        }
    }

    /// y = exp(-x) of eight numbers.
    private static var negativeExponential: Model {
        let g = GraphBuilder()
        return g.model(g("Exp", g("Neg", g.input("x", [8])), named: "y"))
    }

    /// A convolution of integers between others, so that it is bound.
    private mutating func network(_ g: GraphBuilder) -> GraphBuilder.Expression {
        var value = g.input("x", dimensions: [.symbolic("N"), .fixed(3), .symbolic("H"), .symbolic("W")])
        for (inputs, outputs) in [(3, 8), (8, 8), (8, 5)] {
            let x = g.apply("DynamicQuantizeLinear", [value], results: [nil, nil, nil])
            let weights = g.constant(generator.integers(Int8.self, [outputs, inputs, 3, 3]))
            let sums = g("ConvInteger", x[0], weights, x[2], attributes: ["pads": .ints([1, 1, 1, 1])])
            let real = g("Cast", sums, attributes: ["to": .int(1)])
            value = g("Relu", g("Mul", real, g("Mul", x[1], g.constant(0.01))))
        }
        return value
    }

    /// Plans of several shapes are kept, and the oldest goes; each gives what a session of its own gives.
    @Test mutating func shapesComeAndGo() throws {
        let g = GraphBuilder()
        let model = g.model(network(g))
        let session = try Session(model)
        for size in [5, 7, 5, 9, 6, 8, 5, 7, 9, 5] {
            let x = ["x": generator.floats([1, 3, size, size + 1])]
            #expect(try session.run(x) == Session(model).run(x))
        }
    }

    /// Runs that are started together follow one another.
    @Test mutating func threadsShareASession() async throws {
        let g = GraphBuilder()
        let model = g.model(network(g))
        let session = try Session(model)
        let inputs = (0..<12).map { generator.floats([1, 3, 6 + $0 % 2, 6]) }
        let expected = try inputs.map { try Session(model).run(["x": $0]) }
        try await withThrowingTaskGroup(of: (Int, [String: Tensor]).self) { group in
            for index in inputs.indices {
                let input = inputs[index]
                group.addTask { (index, try session.run(["x": input])) }
            }
            for try await (index, result) in group { #expect(result == expected[index]) }
        }
    }

    /// A body reads a value that lies in the plan's memory.
    @Test mutating func bodiesReadBoundValues() throws {
        let body = Graph(
            name: "body", inputs: [], outputs: [ValueInfo("sum")], initializers: ["one": Tensor(scalar: Float(1))],
            nodes: [Node("Add", inputs: ["doubled", "one"], outputs: ["sum"])])
        let g = GraphBuilder()
        let doubled = g("Mul", g("Sigmoid", g.input("x", [4])), g.constant(2), named: "doubled")
        let chosen = g(
            "If", g.input("condition", .bool, []),
            attributes: ["then_branch": .graph(body), "else_branch": .graph(body)])
        try expectSameResults(
            g.model(g("Neg", chosen), g("Exp", doubled)),
            [
                "x": generator.floats([4]), "condition": Tensor(scalar: true),
            ])
    }
}

/// Its operand, in memory of its own where the first number is above 0.
private struct HandsOn: Operator {
    static let name = "HandsOn"
    static let versions = [1]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] { [.tensor(.float32, context[0].dimensions)] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.array(of: Float.self)[0] > 0 else { return [.tensor(input)] }
        let output = try context.makeOutput(0, .float32, input.shape)
        output.copyBytes(0..<input.byteCount, of: input, to: 0)
        return [.tensor(output)]
    }
}
