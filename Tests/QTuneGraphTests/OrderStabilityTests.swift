import QTuneGraph
import QTuneTensor
import QTuneTestSupport
import Testing

struct OrderStabilityTests {
    /// Node i uses values of earlier nodes only.
    private func layered(_ count: Int, using generator: inout SeededGenerator) -> [Node] {
        (0..<count).map { index in
            let operands = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                index == 0 ? "x" : "v\(Int.random(in: 0..<index, using: &generator))"
            }
            return Node("N", name: "\(index)", inputs: operands, outputs: ["v\(index)"])
        }
    }

    @Test(arguments: 0..<20)
    func shuffledNodesComeOutSortedAndSortingAgainChangesNothing(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let nodes = layered(60, using: &generator)
        #expect(try Graph.topologicallySorted(nodes, given: ["x"]) == nodes)
        let shuffled = nodes.shuffled(using: &generator)
        let sorted = try Graph.topologicallySorted(shuffled, given: ["x"])
        var known: Set = ["x"]
        for node in sorted {
            #expect(known.isSuperset(of: node.inputs))
            known.formUnion(node.outputs)
        }
        #expect(sorted.count == nodes.count)
        #expect(try Graph.topologicallySorted(sorted, given: ["x"]) == sorted)
    }

    /// Among nodes that are ready, the one that was given first goes first.
    @Test func independentNodesKeepTheirOrder() throws {
        let nodes = ["d", "b", "c", "a"].map { Node("N", inputs: ["x"], outputs: [$0]) }
        let waiting = Node("N", inputs: ["a"], outputs: ["w"])
        let sorted = try Graph.topologicallySorted([waiting] + nodes, given: ["x"])
        #expect(sorted.map { $0.outputs[0] } == ["d", "b", "c", "a", "w"])
    }

    @Test func aNodeThatFeedsItselfIsACycle() {
        #expect(throws: QTuneError.self) {
            try Graph.topologicallySorted([Node("N", inputs: ["a"], outputs: ["a"])], given: [])
        }
    }
}
