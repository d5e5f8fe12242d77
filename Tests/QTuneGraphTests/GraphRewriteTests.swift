import QTuneGraph
import QTuneTensor
import Testing

struct GraphRewriteTests {
    /// x -> A -> a -> B -> b -> C -> y, with `a` given out too.
    private let chain = Graph(
        inputs: [ValueInfo("x")], outputs: [ValueInfo("y"), ValueInfo("a")],
        nodes: [
            Node("A", name: "first", inputs: ["x"], outputs: ["a"]), Node("B", inputs: ["a"], outputs: ["b"]),
            Node("C", inputs: ["b"], outputs: ["y"]),
        ])

    private func types(_ graph: Graph) -> [String] { graph.nodes.map(\.opType) }

    @Test func anUntouchedGraphComesBack() throws {
        #expect(try GraphEditor(chain).finish() == chain)
    }

    @Test func insertingBetweenKeepsTheOrder() throws {
        var editor = GraphEditor(chain)
        editor.replaceUses(of: "a", with: "q")
        let id = editor.insert(Node("Q", inputs: ["a"], outputs: ["q"]))
        #expect(editor[id]?.opType == "Q")
        #expect(editor.consumers(of: "q").compactMap { editor[$0]?.opType } == ["B"])
        #expect(editor.consumers(of: "a") == [id])
        let graph = try editor.finish()
        #expect(types(graph) == ["A", "Q", "B", "C"])
        #expect(graph.outputs.map(\.name) == ["y", "a"])
    }

    @Test func replacingKeepsTheIdentity() throws {
        var editor = GraphEditor(chain)
        let id = try #require(editor.producer(of: "b"))
        editor.replace(id, with: Node("D", inputs: ["x", "a"], outputs: ["b", "extra"]))
        #expect(editor.producer(of: "extra") == id)
        #expect(editor.consumers(of: "x").count == 2)
        #expect(types(try editor.finish()) == ["A", "D", "C"])
        editor.replace(id, with: Node("E", inputs: ["x"], outputs: ["b"]))
        #expect(editor.producer(of: "extra") == nil)
        #expect(editor.consumers(of: "a").isEmpty)
    }

    @Test func removalsLeaveNoTrace() throws {
        var editor = GraphEditor(chain)
        let last = try #require(editor.producer(of: "y"))
        editor.remove(last)
        #expect(editor[last] == nil)
        #expect(editor.producer(of: "y") == nil)
        #expect(editor.consumers(of: "b").isEmpty)
        #expect(editor.nodeIDs.count == 2)
        editor.remove(last)
        #expect(editor.nodeIDs.count == 2)
    }

    @Test func anOutputThatNothingMakesIsAnError() throws {
        var editor = GraphEditor(chain)
        editor.remove(try #require(editor.producer(of: "y")))
        let error = try #require(throws: QTuneError.self) { try editor.finish() }
        #expect(error.description.contains("'y'"))
        #expect(throws: QTuneError.self) { try editor.finish(removingUnused: false) }
        #expect(types(try editor.finish(outerScope: ["y"])) == ["A"])
    }

    @Test func circlesTwinsAndStrangersAreErrors() throws {
        var circle = GraphEditor(chain)
        circle.replaceUses(of: "x", with: "b")
        var twins = GraphEditor(chain)
        twins.insert(Node("D", inputs: ["x"], outputs: ["b", "x"]))
        var stranger = GraphEditor(chain)
        stranger.replaceUses(of: "x", with: "nowhere")
        for (editor, word) in [(circle, "cycle"), (twins, "more than once"), (stranger, "'nowhere'")] {
            let error = try #require(throws: QTuneError.self) { try editor.finish(removingUnused: false) }
            #expect(error.code == .invalidModel)
            #expect(error.description.contains(word))
        }
    }

    @Test func usesInsideBranchesAreReplaced() throws {
        let branch = Graph(outputs: [ValueInfo("a")])
        let hiding = Graph(
            inputs: [ValueInfo("a")], outputs: [ValueInfo("n")], nodes: [Node("N", inputs: ["a"], outputs: ["n"])])
        var graph = chain
        graph.outputs.append(ValueInfo("i"))
        var editor = GraphEditor(graph)
        let id = editor.insert(
            Node("If", inputs: ["x"], outputs: ["i"], attributes: ["then": .graph(branch), "all": .graphs([hiding])]))
        editor.replaceUses(of: "a", with: "b")
        let node = try #require(editor[id])
        #expect(node.attributes["then"] == .graph(Graph(outputs: [ValueInfo("b")])))
        // The second branch has an `a` of its own.
        #expect(node.attributes["all"] == .graphs([hiding]))
        #expect(editor.consumers(of: "b").contains(id))
        #expect(!editor.consumers(of: "a").contains(id))
    }

    @Test func anOutputTakesOverItsSource() throws {
        var editor = GraphEditor(chain)
        editor.remove(try #require(editor.producer(of: "y")))
        editor.insert(Node("Side", inputs: ["b"], outputs: ["side"]))
        editor.provideOutput("y", from: "b")
        #expect(editor.producer(of: "b") == nil)
        #expect(editor.consumers(of: "y").compactMap { editor[$0]?.opType } == ["Side"])
        let graph = try editor.finish()
        #expect(graph.nodes.map(\.outputs) == [["a"], ["y"]])
    }

    @Test func freshNamesAreTakenOnce() {
        var editor = GraphEditor(chain)
        #expect(editor.freshName("new") == "new")
        #expect(editor.freshName("new") == "new_1")
        #expect(editor.freshName("x") == "x_1")
        #expect(editor.freshName("first") == "first_1")
        #expect(editor.freshName("") == "_1")
        #expect(editor.addInitializer(Tensor([Float(1)]), named: "y") == "y_1")
        #expect(editor.constant("y_1") == Tensor([Float(1)]))
    }

    @Test func whatNothingNeedsGoes() throws {
        var editor = GraphEditor(chain)
        let weights = editor.addInitializer(Tensor([Float(1)]), named: "w")
        editor.insert(Node("Idle", inputs: ["b", weights], outputs: ["idle"]))
        editor.insert(Node("Idler", inputs: ["idle"], outputs: ["idler"]))
        #expect(try editor.finish() == chain)
        let whole = try editor.finish(removingUnused: false)
        #expect(types(whole) == ["A", "B", "C", "Idle", "Idler"])
        #expect(whole.initializers.count == 1)
    }
}
