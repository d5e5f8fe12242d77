import QTuneGraph
import QTuneTensor
import Testing

struct CapturedValuesTests {
    private static func graph(
        inputs: [String] = [], outputs: [String], initializers: [String: Tensor] = [:], _ nodes: [Node]
    ) -> Graph {
        Graph(
            inputs: inputs.map { ValueInfo($0) }, outputs: outputs.map { ValueInfo($0) }, initializers: initializers,
            nodes: nodes)
    }

    private static let deep = graph(
        inputs: ["i"], outputs: ["r"],
        [
            Node(
                "If", inputs: ["flag"], outputs: ["r"],
                attributes: [
                    "then_branch": .graph(graph(outputs: ["t"], [Node("Add", inputs: ["i", "far"], outputs: ["t"])]))
                ])
        ])

    static let cases: [(Graph, [String])] = [
        (graph(outputs: [], []), []),
        (graph(inputs: ["x"], outputs: ["x"], []), []),
        // An output that nothing inside makes comes from outside.
        (graph(outputs: ["x"], []), ["x"]),
        (graph(outputs: ["y"], [Node("Add", inputs: ["a", "b"], outputs: ["y"])]), ["a", "b"]),
        // Each name once, in the order of first use; omitted operands are no names.
        (graph(outputs: ["y", "b"], [Node("Clip", inputs: ["b", "", "a", "b"], outputs: ["y"])]), ["b", "a"]),
        (
            graph(
                outputs: ["y"], initializers: ["w": Tensor([Float(1)])],
                [Node("Mul", inputs: ["w", "w"], outputs: ["y"])]),
            []
        ),
        (deep, ["flag", "far"]),
        (
            graph(outputs: ["z"], [Node("Loop", inputs: [], outputs: ["z"], attributes: ["body": .graph(deep)])]),
            ["flag", "far"]
        ),
        // What an enclosing graph makes first is not captured by it.
        (
            graph(
                inputs: ["flag"], outputs: ["z"],
                [
                    Node("Constant", inputs: [], outputs: ["far"]),
                    Node("Loop", inputs: [], outputs: ["z"], attributes: ["bodies": .graphs([deep])]),
                ]), []
        ),
    ]

    @Test(arguments: cases)
    func namesFromOutside(graph: Graph, expected: [String]) {
        #expect(graph.capturedValues == expected)
    }

    @Test func sparseConstantsAreGiven() {
        var graph = Self.graph(outputs: ["y"], [Node("Mul", inputs: ["s", "t"], outputs: ["y"])])
        graph.sparseInitializers["s"] = SparseTensor(
            values: Tensor([Float(1)]), indices: Tensor([Int64(0)]), dimensions: [3])
        #expect(graph.capturedValues == ["t"])
    }
}
