import QTuneGraph
import QTuneOperators
import QTuneTensor
import Testing

/// What is remembered from the last look at a graph gives what a fresh look gives, whatever was changed between them.
struct InferenceMemoryTests {
    private static let graph = Graph(
        inputs: [ValueInfo("x", .tensor(.float32, [.symbolic("n"), .fixed(6)]))],
        outputs: [ValueInfo("y"), ValueInfo("z")],
        initializers: [
            "shape": Tensor([Int64(-1), 3]), "w": Tensor([Float](repeating: 1, count: 18), shape: [6, 3]),
        ],
        nodes: [
            Node("Relu", inputs: ["x"], outputs: ["a"]),
            Node("MatMul", inputs: ["a", "w"], outputs: ["b"]),
            Node("Transpose", inputs: ["b"], outputs: ["c"], attributes: ["perm": .ints([1, 0])]),
            Node("Reshape", inputs: ["x", "shape"], outputs: ["y"]),
            Node("Shape", inputs: ["c"], outputs: ["z"]),
        ])

    private static func edited(_ edit: (inout Graph) -> Void) -> Graph {
        var graph = graph
        edit(&graph)
        return graph
    }

    static let changes: [Graph] = [
        graph,
        edited { $0.nodes[2].attributes["perm"] = .ints([0, 1]) },
        edited { $0.nodes[0] = Node("Cast", inputs: ["x"], outputs: ["a"], attributes: ["to": .int(11)]) },
        edited { $0.initializers["w"] = Tensor([Float](repeating: 1, count: 30), shape: [6, 5]) },
        edited { $0.initializers["shape"] = Tensor([Int64(2), -1]) },
        edited { $0.inputs[0].type = .tensor(.float32, [.fixed(4), .fixed(6)]) },
        edited { graph in
            graph.nodes[0].outputs = ["d"]
            graph.nodes[1].inputs[0] = "d"
        },
        edited { $0.nodes.removeLast(2) },
    ]

    @Test func agreesWithAFreshLook() throws {
        for (before, after) in Self.changes.flatMap({ first in Self.changes.map { (first, $0) } }) {
            var memory = InferenceMemory()
            for graph in [before, after] {
                let fresh = try ShapeInference.infer(graph, opsets: ["": 17])
                let remembered = try ShapeInference.infer(
                    graph, opsets: ["": 17], registry: .standard, memory: &memory)
                #expect(remembered == fresh)
            }
        }
    }
}
