import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

struct SessionTests {
    /// y = relu(x * 2 + 1) + x
    private func model(dimensions: [Dimension] = [.symbolic("N"), .fixed(2)]) -> Model {
        let g = GraphBuilder()
        let x = g.input("x", dimensions: dimensions)
        let inner = g("Relu", x * 2 + 1, named: "inner")
        return g.model(g("Add", inner, x, named: "y"))
    }

    @Test func runsAndBatchMayVary() throws {
        let session = try Session(model())
        for batch in [1, 3, 1, 2, 5, 6, 7, 3] {
            let x = Tensor((0..<batch * 2).map { Float($0) - 2 }, shape: [batch, 2])
            let y = try #require(try session.run(["x": x])["y"])
            #expect(y.array(of: Float.self) == x.array(of: Float.self).map { max($0 * 2 + 1, 0) + $0 })
        }
    }

    /// Passes read operands by position, so nodes without them must not reach them.
    @Test(arguments: [
        "Add", "Cast", "Conv", "Dropout", "Flatten", "Gemm", "Identity", "MatMul", "MaxPool", "Relu", "Reshape",
        "QuantizeLinear", "DequantizeLinear", "BatchNormalization", "Transpose", "Concat", "Resize",
    ])
    func nodesWithoutOperandsAreErrors(_ type: String) {
        let graph = Graph(
            name: "bare", inputs: [], outputs: [ValueInfo("y")], initializers: [:],
            nodes: [Node(type, inputs: [], outputs: ["y"])])
        for opset in [1, 13, 21] {
            #expect(throws: QTuneError.self) { try Session(Model(graph: graph, opsets: ["": opset])).run([:]) }
        }
    }

    @Test func resultsBelongToTheCaller() throws {
        let session = try Session(model())
        let first = try #require(try session.run(["x": Tensor([1, 2] as [Float], shape: [1, 2])])["y"])
        let copy = first.array(of: Float.self)
        for value in 0..<4 { _ = try session.run(["x": Tensor([Float(value), 9] as [Float], shape: [1, 2])]) }
        #expect(first.array(of: Float.self) == copy)
    }

    @Test(arguments: [false, true]) func tapsAreGivenOut(optimizes: Bool) throws {
        let session = try Session(model(), options: SessionOptions(optimizes: optimizes, taps: ["inner", "x"]))
        let results = try session.run(["x": Tensor([1, -2] as [Float], shape: [1, 2])])
        #expect(results["inner"]?.array(of: Float.self) == [3, 0])
        #expect(results["x"]?.array(of: Float.self) == [1, -2])
        #expect(results["y"]?.array(of: Float.self) == [4, -2])
        #expect(session.outputs.map(\.name) == ["y"])
    }

    @Test func aRunCanStartInTheMiddle() throws {
        let session = try Session(model(), options: SessionOptions(entries: ["inner"]))
        #expect(session.inputs.map(\.name).sorted() == ["inner", "x"])
        let results = try session.run([
            "inner": Tensor([10, 20] as [Float], shape: [1, 2]), "x": Tensor([1, 2] as [Float], shape: [1, 2]),
        ])
        #expect(results["y"]?.array(of: Float.self) == [11, 22])
    }

    @Test func fixedDimensionsBind() throws {
        let session = try Session(model(), options: SessionOptions(fixedDimensions: ["N": 2]))
        #expect(throws: QTuneError.self) { try session.run(["x": Tensor(zeros: .float32, shape: [1, 2])]) }
        #expect(throws: QTuneError.self) { try Session(model(), options: SessionOptions(fixedDimensions: ["M": 2])) }
    }

    @Test(
        arguments: [
            (["z": Tensor(zeros: .float32, shape: [1, 2])], "no input called 'z'"),
            ([:], "input 'x' is missing"),
            (["x": Tensor(zeros: .int32, shape: [1, 2])], "expected float32[N, 2], got int32[1, 2]"),
            (["x": Tensor(zeros: .float32, shape: [1, 3])], "expected float32[N, 2], got float32[1, 3]"),
            (["x": Tensor(zeros: .float32, shape: [2])], "expected float32[N, 2], got float32[2]"),
        ] as [([String: Tensor], String)])
    func feedsThatDoNotFitAreNamed(feeds: [String: Tensor], expected: String) throws {
        let session = try Session(model())
        let error = #expect(throws: QTuneError.self) { try session.run(feeds) }
        #expect(error?.code == .invalidInput)
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    @Test func symbolicLengthsMustAgree() throws {
        let g = GraphBuilder()
        let a = g.input("a", dimensions: [.symbolic("N")])
        let b = g.input("b", dimensions: [.symbolic("N")])
        let session = try Session(g.model(a + b))
        let error = #expect(throws: QTuneError.self) {
            try session.run(["a": Tensor(zeros: .float32, shape: [2]), "b": Tensor(zeros: .float32, shape: [1])])
        }
        #expect(error?.description.contains("dimension 'N' is 1 here but 2 in input 'a'") == true)
    }

    @Test func unknownTapsAreErrors() {
        #expect(throws: QTuneError.self) { try Session(model(), options: SessionOptions(taps: ["nowhere"])) }
    }

    @Test func theProfilerSeesEveryNode() throws {
        let session = try Session(model())
        let profiler = Profiler()
        let x = Tensor([1, 2] as [Float], shape: [1, 2])
        _ = try session.run(["x": x], profiler: profiler)
        _ = try session.run(["x": x], profiler: profiler)
        #expect(profiler.entries.count == session.prepared.graph.nodes.count)
        #expect(profiler.entries.allSatisfy { $0.calls == 2 })
    }

    @Test func aChainSharesMemory() throws {
        let g = GraphBuilder()
        var value = g.input("x", [1, 1000])
        for _ in 0..<10 { value = g("Sigmoid", value) }
        let session = try Session(g.model(value))
        let x = Tensor(zeros: .float32, shape: [1, 1000])
        _ = try session.run(["x": x])
        #expect(session.memory.arena <= 2 * 4096)
        #expect(session.memory.unshared >= 9 * 4000)
    }

    /// A convolution reads its image until the end, so the sum must not be written over it even where it is the addend.
    @Test func anImageThatIsAlsoAddedIsNotOverwritten() throws {
        let g = GraphBuilder()
        let x = g("Relu", g.input("x", [1, 3, 6, 6]))
        var generator = SeededGenerator(seed: 4)
        let weights = g.constant(generator.floats([3, 3, 3, 3]))
        let sum = g("Conv", x, weights, attributes: ["pads": .ints([1, 1, 1, 1])]) + x
        try expectSameResults(g.model(g("Sigmoid", sum)), ["x": generator.floats([1, 3, 6, 6])])
    }

    /// A view of a value must keep the value's memory, in the graph's last use as well.
    @Test func viewsKeepTheirMemory() throws {
        let g = GraphBuilder()
        let x = g.input("x", [2, 6])
        let a = g("Sigmoid", x)
        let view = g("Reshape", a, g.constant(Tensor([3, 4] as [Int64])))
        let b = g("Exp", g("Sigmoid", g("Sigmoid", a)))
        let c = g("Reshape", b, g.constant(Tensor([3, 4] as [Int64])))
        var generator = SeededGenerator(seed: 3)
        try expectSameResults(g.model(g("Neg", view) + c, view), ["x": generator.floats([2, 6])])
    }
}
