import QTuneGraph
import QTuneTensor
import Testing

struct TopologicalOrderTests {
    private func node(_ inputs: [String], _ output: String) -> Node { Node("Op", inputs: inputs, outputs: [output]) }

    private func sorted(_ nodes: [Node], outer: Set<String> = []) throws -> [String] {
        try Graph.topologicallySorted(nodes, given: ["x"], outerScope: outer).flatMap(\.outputs)
    }

    @Test func anOrderThatHoldsIsKept() throws {
        #expect(try sorted([node(["x"], "c"), node(["x"], "a"), node(["c", ""], "b")]) == ["c", "a", "b"])
    }

    @Test func producersMoveInFront() throws {
        #expect(try sorted([node(["b"], "c"), node(["a", "x"], "b"), node(["x"], "a")]) == ["a", "b", "c"])
    }

    @Test func subgraphsNeedWhatTheyCapture() throws {
        let body = Graph(name: "b", outputs: [ValueInfo("r")], nodes: [Node("Relu", inputs: ["late"], outputs: ["r"])])
        let choice = Node("If", inputs: ["x"], outputs: ["y"], attributes: ["then_branch": .graph(body)])
        #expect(try sorted([choice, node(["x"], "late")]) == ["late", "y"])
    }

    @Test func longChainsBackwards() throws {
        let nodes = (1..<20_000).map { node([$0 == 1 ? "x" : "v\($0 - 1)"], "v\($0)") }
        #expect(try sorted(nodes.reversed()).first == "v1")
    }

    @Test(
        arguments: [
            ([Node("A", inputs: ["b"], outputs: ["a"]), Node("B", inputs: ["a"], outputs: ["b"])], "cycle"),
            ([Node("A", inputs: ["a"], outputs: ["a"])], "cycle"),
            ([Node("A", inputs: ["x"], outputs: ["a"]), Node("B", inputs: ["x"], outputs: ["a"])], "more than once"),
            ([Node("A", inputs: ["x"], outputs: ["x"])], "more than once"),
            ([Node("A", inputs: ["q"], outputs: ["a"])], "'q' is neither"),
        ] as [([Node], String)])
    func unsoundGraphs(nodes: [Node], word: String) throws {
        let error = try #require(throws: QTuneError.self) { try sorted(nodes) }
        #expect(error.description.contains(word), "\(error)")
    }

    @Test func outerScopeProvides() throws {
        #expect(try sorted([node(["q"], "a")], outer: ["q"]) == ["a"])
    }
}
