import QTuneGraph
import QTuneQuantization
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

@Suite struct PreparationTests {
    @Test func unnamedNodesGetStableNames() throws {
        let relu = Node("Relu", inputs: ["x"], outputs: ["a"])
        let named = Node("Relu", name: "Sigmoid_2", inputs: ["a"], outputs: ["b"])
        let sigmoid = Node("Sigmoid", inputs: ["b"], outputs: ["y"])
        let graph = Graph(
            inputs: [ValueInfo("x", .tensor(.float32, [4]))], outputs: [ValueInfo("y")], nodes: [relu, named, sigmoid])
        let model = Model(graph: graph, opsets: ["": 13])
        let once = try Preparation.prepare(model)
        #expect(once.model.graph.nodes.map(\.name) == ["Relu_0", "Sigmoid_2", "Sigmoid_2_"])
        #expect(try Preparation.prepare(once.model).model == once.model)
    }

    /// Old forms with the attribute that later became an operand.
    @Test(
        arguments: [
            (7, "Squeeze", [1, 2, 1, 3], ["axes": .ints([0, 2])]),
            (7, "Unsqueeze", [2, 3], ["axes": .ints([0])]),
            (7, "ReduceSum", [2, 3], ["axes": .ints([1]), "keepdims": .int(0)]),
            (7, "Clip", [2, 3], ["min": .float(-0.5), "max": .float(0.5)]),
            (7, "Pad", [1, 2, 2], ["pads": .ints([0, 1, 0, 0, 0, 2]), "value": .float(0.25)]),
            (7, "Slice", [4, 4], ["starts": .ints([1]), "ends": .ints([3]), "axes": .ints([1])]),
            (7, "Softmax", [2, 3], ["axis": .int(1)]),
            (7, "Softmax", [1, 3, 2, 2], [:]),
            (7, "Dropout", [2, 3], ["ratio": .float(0.5)]),
            (9, "LogSoftmax", [2, 3, 2], ["axis": .int(1)]),
            (12, "Softmax", [2, 2, 3], ["axis": .int(-1)]),
        ] as [(Int, String, [Int], [String: Attribute])])
    func convertedModelsGiveTheSame(opset: Int, type: String, dimensions: [Int], attributes: [String: Attribute]) throws
    {
        let node = Node(type, name: "n", inputs: ["x"], outputs: ["y"], attributes: attributes)
        let graph = Graph(
            inputs: [ValueInfo("x", .tensor(.float32, Shape(dimensions)))], outputs: [ValueInfo("y")], nodes: [node])
        let old = Model(graph: graph, opsets: ["": opset])
        let prepared = try Preparation.prepare(old)
        #expect(prepared.notes.isEmpty)
        #expect(prepared.model.opset == 13)
        let count = dimensions.reduce(1, *)
        let x = Tensor((0..<count).map { Float($0 % 5) / 4 - 0.6 }, shape: Shape(dimensions))
        let before = try Session(old, options: SessionOptions(optimizes: false)).run(["x": x])
        let after = try Session(prepared.model, options: SessionOptions(optimizes: false)).run(["x": x])
        #expect(before == after)
    }

    /// 2 * (x + 0.5) in float16, whose constants are exact.
    @Test func float16BecomesFloat32BetweenItsEnds() throws {
        let nodes = [
            Node("Add", name: "sum", inputs: ["x", "half"], outputs: ["a"]),
            Node("Cast", name: "cast", inputs: ["a"], outputs: ["b"], attributes: ["to": .int(10)]),
            Node("Mul", name: "product", inputs: ["b", "two"], outputs: ["y"]),
        ]
        let graph = Graph(
            inputs: [ValueInfo("x", .tensor(.float16, [3]))], outputs: [ValueInfo("y", .tensor(.float16, [3]))],
            initializers: ["half": Tensor([0.5] as [Float16]), "two": Tensor([2] as [Float16])], nodes: nodes)
        let prepared = try Preparation.prepare(Model(graph: graph, opsets: ["": 13]))
        #expect(prepared.notes.isEmpty)
        #expect(prepared.model.graph.initializers.values.allSatisfy { $0.dtype == .float32 })
        #expect(prepared.model.graph.nodes.map(\.opType) == ["Cast", "Add", "Mul", "Cast"])
        let results = try Session(prepared.model).run(["x": Tensor([-1, 0, 0.25] as [Float16])])
        #expect(results["y"] == Tensor([-1, 1, 1.5] as [Float16]))
    }

    @Test func whatCannotBeConvertedIsTold() throws {
        let node = Node(
            "GRU", name: "n", inputs: ["x", "w", "r"], outputs: ["y"], attributes: ["hidden_size": .int(1)])
        let graph = Graph(
            inputs: [ValueInfo("x", .tensor(.float32, [1, 1, 1]))], outputs: [ValueInfo("y")],
            initializers: [
                "w": Tensor(zeros: .float32, shape: [1, 3, 1]), "r": Tensor(zeros: .float32, shape: [1, 3, 1]),
            ], nodes: [node])
        let prepared = try Preparation.prepare(Model(graph: graph, opsets: ["": 9]))
        #expect(prepared.model.opset == 9)
        #expect(prepared.notes.first?.message.contains("GRU") == true)
    }

    @Test func compactModelIsTheSameModel() throws {
        let g = GraphBuilder()
        let x = g.input("input", .float32, [1, 2])
        let a = g.constant(Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]), named: "a long name of a constant")
        let b = g.constant(Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]), named: "its twin")
        let model = g.model(g("MatMul", g("MatMul", x, a, named: "an inner value"), b, named: "output"))
        let compacted = Compaction.compact(model)
        #expect(compacted.graph.initializers.count == 1)
        #expect(compacted.graph.inputs.map(\.name) == ["input"])
        #expect(compacted.graph.outputs.map(\.name) == ["output"])
        #expect(compacted.graph.nodes.allSatisfy { $0.name.isEmpty })
        let feeds = ["input": Tensor([0.5, -1] as [Float], shape: [1, 2])]
        #expect(try Session(compacted).run(feeds) == Session(model).run(feeds))
    }
}
