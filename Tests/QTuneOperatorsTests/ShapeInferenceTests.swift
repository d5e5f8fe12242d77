import QTuneGraph
import QTuneOperators
import QTuneTensor
import Testing

@Suite struct ShapeInferenceTests {
    private func infer(_ nodes: [Node], constants: [String: Tensor] = [:]) throws -> [String: InferredValue] {
        let input = ValueInfo("x", .tensor(.float32, [.symbolic("batch"), .fixed(116), .fixed(28), .fixed(28)]))
        let graph = Graph(inputs: [input], initializers: constants, nodes: nodes)
        return try ShapeInference.infer(Model(graph: graph, opsets: ["": 13]))
    }

    /// A channel shuffle as exporters write it, with the lengths taken from the operand.
    @Test func channelShuffleKeepsTheBatch() throws {
        let constants = [
            "0": ints([0], .scalar), "1": ints([1], .scalar), "2": ints([2], .scalar), "groups": ints([2]),
            "front": ints([0]), "rest": ints([-1]),
        ]
        let values = try infer(
            [
                Node("Shape", inputs: ["x"], outputs: ["shape"]),
                Node("Gather", inputs: ["shape", "0"], outputs: ["n"]),
                Node("Gather", inputs: ["shape", "1"], outputs: ["c"]),
                Node("Gather", inputs: ["shape", "2"], outputs: ["h"]),
                Node("Div", inputs: ["c", "2"], outputs: ["half"]),
                Node("Unsqueeze", inputs: ["n", "front"], outputs: ["n1"]),
                Node("Unsqueeze", inputs: ["half", "front"], outputs: ["half1"]),
                Node("Unsqueeze", inputs: ["h", "front"], outputs: ["h1"]),
                Node(
                    "Concat", inputs: ["n1", "groups", "half1", "h1", "rest"], outputs: ["parts"],
                    attributes: ["axis": .int(0)]),
                Node("Reshape", inputs: ["x", "parts"], outputs: ["grouped"]),
                Node("Transpose", inputs: ["grouped"], outputs: ["y"], attributes: ["perm": .ints([0, 2, 1, 3, 4])]),
                Node("Flatten", inputs: ["y"], outputs: ["flat"]),
            ], constants: constants)
        let batch = Dimension.symbolic("batch")
        #expect(values["grouped"]?.dimensions == [batch, .fixed(2), .fixed(58), .fixed(28), .fixed(28)])
        #expect(values["y"]?.dimensions == [batch, .fixed(58), .fixed(2), .fixed(28), .fixed(28)])
        #expect(values["flat"]?.dimensions == [batch, .fixed(90_944)])
    }

    @Test func unknownOperatorsGiveUnknownValues() throws {
        let values = try infer([
            Node("Mystery", domain: "nobody", inputs: ["x"], outputs: ["u"]),
            Node("Relu", inputs: ["u"], outputs: ["v"]),
            Node("Shape", inputs: ["v"], outputs: ["s"]),
        ])
        #expect(values["u"] == .unknown)
        #expect(values["v"]?.dimensions == nil)
        #expect(values["s"]?.dimensions == [.unknown])
    }

    @Test func branchesThatDifferLeaveOnlyWhatTheyShare() throws {
        let x = Graph(outputs: [ValueInfo("r")], nodes: [Node("Identity", inputs: ["x"], outputs: ["r"])])
        let pooled = Graph(
            outputs: [ValueInfo("r")],
            nodes: [
                Node("ReduceMean", inputs: ["x"], outputs: ["r"], attributes: ["axes": .ints([2, 3])])
            ])
        let values = try ShapeInference.infer(
            Model(
                graph: Graph(
                    inputs: [
                        ValueInfo("x", .tensor(.float32, [.symbolic("n"), .fixed(3), .fixed(8), .fixed(8)])),
                        ValueInfo("c", .tensor(.bool, [Dimension]())),
                    ],
                    nodes: [
                        Node(
                            "If", inputs: ["c"], outputs: ["y"],
                            attributes: ["then_branch": .graph(x), "else_branch": .graph(pooled)])
                    ]), opsets: ["": 13]))
        #expect(values["y"]?.type == .tensor(.float32, [.symbolic("n"), .fixed(3), .unknown, .unknown]))
    }

    @Test func operandsThatCannotBroadcastAreAnError() {
        #expect(throws: QTuneError.self) {
            try infer([Node("Add", inputs: ["x", "k"], outputs: ["y"])], constants: ["k": floats([1, 2, 3])])
        }
    }
}
