import QTuneGraph
import QTuneTensor
import Testing

struct GraphEditorTests {
    /// x -> Conv(w) -> c -> Relu -> r -> Add(r, c) -> y, and a node that nothing needs.
    private func sample() -> Graph {
        var graph = Graph(
            name: "g", inputs: [ValueInfo("x")], outputs: [ValueInfo("y")],
            initializers: ["w": Tensor([Float(1)]), "spare": Tensor([Float(2)])],
            nodes: [
                Node("Conv", name: "conv", inputs: ["x", "w"], outputs: ["c"]),
                Node("Relu", name: "relu", inputs: ["c"], outputs: ["r"]),
                Node("Exp", name: "idle", inputs: ["c", "spare"], outputs: ["unused"]),
                Node("Add", name: "add", inputs: ["r", "c"], outputs: ["y"]),
            ])
        for name in ["c", "r", "unused"] { graph.valueInfo[name] = ValueInfo(name) }
        return graph
    }

    @Test func producersAndConsumers() throws {
        let editor = GraphEditor(sample())
        let conv = try #require(editor.producer(of: "c"))
        #expect(editor[conv]?.opType == "Conv")
        #expect(editor.producer(of: "x") == nil)
        #expect(editor.consumers(of: "c").compactMap { editor[$0]?.name } == ["relu", "idle", "add"])
        #expect(editor.soleConsumer(of: "c") == nil)
        #expect(editor.soleConsumer(of: "r").flatMap { editor[$0]?.name } == "add")
        #expect(editor.soleConsumer(of: "y") == nil)
    }

    @Test func finishingRemovesWhatNothingNeeds() throws {
        let graph = try GraphEditor(sample()).finish()
        #expect(graph.nodes.map(\.name) == ["conv", "relu", "add"])
        #expect(Array(graph.initializers.keys) == ["w"])
        #expect(graph.valueInfo.keys.sorted() == ["c", "r"])
        #expect(try GraphEditor(sample()).finish(removingUnused: false) == sample())
    }

    @Test func insertedNodesFindTheirPlace() throws {
        var editor = GraphEditor(sample())
        let name = editor.freshName("c")
        #expect(name == "c_1")
        let before = editor
        editor.replaceUses(of: "c", with: name) { before[$0]?.name == "add" }
        editor.insert(Node("Neg", inputs: ["c"], outputs: [name]))
        let graph = try editor.finish()
        #expect(graph.nodes.map(\.opType) == ["Conv", "Relu", "Neg", "Add"])
        #expect(graph.nodes.last?.inputs == ["r", "c_1"])
    }

    @Test func outputsKeepTheirNames() throws {
        var editor = GraphEditor(sample())
        let add = try #require(editor.producer(of: "y"))
        editor.remove(add)
        editor.provideOutput("y", from: "r")
        let graph = try editor.finish()
        #expect(graph.nodes.map(\.outputs) == [["c"], ["y"]])
    }

    @Test func subgraphsFollowTheirCaptures() throws {
        let inner = Graph(name: "i", outputs: [ValueInfo("o")], nodes: [Node("Relu", inputs: ["c"], outputs: ["o"])])
        let body = Graph(
            name: "b", outputs: [ValueInfo("z")],
            nodes: [Node("If", inputs: ["flag"], outputs: ["z"], attributes: ["then_branch": .graph(inner)])])
        var graph = sample()
        graph.inputs.append(ValueInfo("flag"))
        graph.outputs.append(ValueInfo("l"))
        var editor = GraphEditor(graph)
        editor.insert(Node("Loop", name: "loop", inputs: [], outputs: ["l"], attributes: ["body": .graph(body)]))
        let users = editor.consumers(of: "c").compactMap { editor[$0]?.name }
        #expect(users.contains("loop"))
        let before = editor
        editor.replaceUses(of: "c", with: "r") { before[$0]?.name == "loop" }
        let finished = try editor.finish()
        let loop = try #require(finished.nodes.first { $0.name == "loop" })
        #expect(loop.subgraphs.flatMap(\.capturedValues).sorted() == ["flag", "r"])
        // A name that a sub-graph uses for a value of its own would be hidden there.
        #expect(editor.freshName("z") == "z_1")
        #expect(editor.freshName("o") == "o_1")
    }

    @Test func aValueThatIsStillNeededIsAnError() throws {
        var editor = GraphEditor(sample())
        let relu = try #require(editor.producer(of: "r"))
        editor.remove(relu)
        #expect(throws: QTuneError.self) { try editor.finish() }
    }

    @Test func constantsThatACallerMayReplaceAreNone() {
        var graph = sample()
        #expect(GraphEditor(graph).constant("w") != nil)
        graph.inputs.append(ValueInfo("w"))
        #expect(GraphEditor(graph).constant("w") == nil)
        #expect(graph.requiredInputs.map(\.name) == ["x"])
    }
}
