import QTuneGraph
import QTuneOperators
import QTuneTensor
import Testing

@Suite struct ControlFlowTests {
    private let interpreter = GraphInterpreter(opsets: ["": 21])

    private func output(_ node: Node, _ inputs: [String: Tensor]) throws -> [Tensor] {
        let graph = Graph(
            inputs: inputs.keys.sorted().map { ValueInfo($0) }, outputs: node.outputs.map { ValueInfo($0) },
            nodes: [node])
        return try interpreter.run(graph, inputs: inputs.mapValues(Value.tensor)).compactMap(\.tensor)
    }

    @Test(arguments: [true, false]) func ifTakesABranchThatUsesOuterValues(_ condition: Bool) throws {
        func branch(_ type: String) -> Graph {
            Graph(outputs: [ValueInfo("r")], nodes: [Node(type, inputs: ["a", "b"], outputs: ["r"])])
        }
        let node = Node(
            "If", inputs: ["c"], outputs: ["y"],
            attributes: ["then_branch": .graph(branch("Add")), "else_branch": .graph(branch("Mul"))])
        let inputs = ["a": floats([3]), "b": floats([4]), "c": truths([condition])]
        #expect(try output(node, inputs) == [floats([condition ? 7 : 12])])
    }

    @Test func loopCarriesAndStacks() throws {
        let body = Graph(
            inputs: [ValueInfo("i"), ValueInfo("go"), ValueInfo("sum")],
            outputs: [ValueInfo("on"), ValueInfo("next"), ValueInfo("seen")],
            nodes: [
                Node("Add", inputs: ["sum", "i"], outputs: ["next"]),
                Node("Identity", inputs: ["next"], outputs: ["seen"]),
                Node("Less", inputs: ["next", "limit"], outputs: ["on"]),
            ])
        let node = Node("Loop", inputs: ["n", "", "start"], outputs: ["y", "all"], attributes: ["body": .graph(body)])
        let inputs = ["n": ints([9], .scalar), "start": ints([10], .scalar), "limit": ints([13], .scalar)]
        // 10 + 0, 11, 13: the third turn reaches the limit.
        #expect(try output(node, inputs) == [ints([13], .scalar), ints([10, 11, 13])])
    }

    @Test func scanRunsBackward() throws {
        let body = Graph(
            inputs: [ValueInfo("sum"), ValueInfo("x")], outputs: [ValueInfo("next"), ValueInfo("seen")],
            nodes: [
                Node("Add", inputs: ["sum", "x"], outputs: ["next"]),
                Node("Identity", inputs: ["next"], outputs: ["seen"]),
            ])
        let node = Node(
            "Scan", inputs: ["start", "xs"], outputs: ["y", "all"],
            attributes: ["body": .graph(body), "num_scan_inputs": .int(1), "scan_input_directions": .ints([1])])
        let inputs = ["start": floats([0]), "xs": floats([1, 2, 3], [3, 1])]
        #expect(try output(node, inputs) == [floats([6]), floats([3, 5, 6], [3, 1])])
    }

    @Test func aLoopMayHaveNeitherCountNorCondition() throws {
        let body = Graph(
            inputs: [ValueInfo("i"), ValueInfo("go")], outputs: [ValueInfo("on"), ValueInfo("seen")],
            nodes: [
                Node("Identity", inputs: ["i"], outputs: ["seen"]),
                Node("Less", inputs: ["i", "limit"], outputs: ["on"]),
            ])
        let node = Node("Loop", inputs: [], outputs: ["all"], attributes: ["body": .graph(body)])
        #expect(try output(node, ["limit": ints([2], .scalar)]) == [ints([0, 1, 2])])
    }

    /// Each batch of the old Scan has a state and a length of its own; what a shorter one leaves is zero.
    @Test func batchesOfScanRunForThemselves() throws {
        let body = Graph(
            inputs: [ValueInfo("sum"), ValueInfo("x")], outputs: [ValueInfo("next"), ValueInfo("seen")],
            nodes: [
                Node("Add", inputs: ["sum", "x"], outputs: ["next"]),
                Node("Identity", inputs: ["next"], outputs: ["seen"]),
            ])
        let node = Node(
            "Scan", inputs: ["lengths", "start", "xs"], outputs: ["y", "all"],
            attributes: ["body": .graph(body), "num_scan_inputs": .int(1)])
        let graph = Graph(outputs: [ValueInfo("y"), ValueInfo("all")], nodes: [node])
        let inputs = [
            "lengths": ints([3, 2]), "start": floats([0, 10], [2, 1]), "xs": floats([1, 2, 3, 4, 5, 6], [2, 3, 1]),
        ]
        let old = GraphInterpreter(opsets: ["": 8])
        let results = try old.run(graph, inputs: inputs.mapValues(Value.tensor)).compactMap(\.tensor)
        #expect(results == [floats([6, 19], [2, 1]), floats([1, 3, 6, 14, 19, 0], [2, 3, 1])])
        let known = inputs.mapValues { InferredValue(type: .tensor($0.dtype, $0.shape)) }
        let inferred = try ShapeInference.infer(graph, opsets: ["": 8], inputs: known, outer: known)
        #expect(inferred["y"]?.type == .tensor(.float32, [2, 1]))
        #expect(inferred["all"]?.type == .tensor(.float32, [2, 3, 1]))
    }

    @Test func anEmptyTensorWithALongAxisIsNotCutIntoParts() throws {
        let empty = floats([], [1 << 60, 0])
        #expect(throws: QTuneError.self) { try evaluateNode("SplitToSequence", [:], [empty]) }
        let lengths = ints([1 << 60, 1 << 60, 1 << 60, 1 << 60, 1 << 60, 1 << 60, 1 << 60, 1 << 60])
        #expect(throws: QTuneError.self) { try evaluateNode("SplitToSequence", [:], [empty, lengths]) }
    }

    @Test func anIfWithoutABranchIsAnError() {
        let node = Node("If", inputs: ["c"], outputs: ["y"])
        #expect(throws: QTuneError.self) { try output(node, ["c": truths([true])]) }
    }
}
