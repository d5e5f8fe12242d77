import QTuneGraph
import QTuneQuantization
import QTuneTensor
import QTuneTestSupport
import Testing

/// Which pairs ONNX Runtime 1.31.1's quantizer makes, read off its output for the same graph.
@Suite struct PublishedPathTests {
    private func convolutionNet() -> Model {
        let g = GraphBuilder()
        let x = g.input("x", .float32, [1, 1, 4, 4])
        let w = g.constant(Tensor([0.5, -1] as [Float], shape: [2, 1, 1, 1]), named: "w")
        let b = g.constant(Tensor([0.25, -0.5] as [Float]), named: "b")
        let relu = g("Relu", g("Conv", x, w, b, named: "c"), named: "r")
        let flat = g("Flatten", g("GlobalAveragePool", relu, named: "p"), named: "f")
        return g.model(g("Softmax", flat, named: "y"), opset: 13)
    }

    private var feeds: TensorFeeds {
        TensorFeeds(
            (0..<3).map { run in
                ["x": Tensor((0..<16).map { Float($0 * (run + 1) % 11) / 5 - 1 }, shape: [1, 1, 4, 4])]
            })
    }

    @Test func sameTensorsAsThePublishedQuantizer() throws {
        let path = try PublishedPath(convolutionNet(), source: feeds)
        #expect(Set(path.ranking.map(\.tensor)) == ["x", "r", "p", "f", "y"])
        #expect(path.ranking.map(\.score) == path.ranking.map(\.score).sorted(by: >))
        let full = try path.candidate(exempting: 0).graph
        #expect(!full.nodes.contains { $0.opType == "Relu" })
        // Softmax has the range from 0 to 1, whatever calibration saw.
        #expect(full.initializers["y_scale"]?.array(of: Float.self) == [Float(1) / 255])
        #expect(full.initializers["y_zero_point"]?.array(of: Int8.self) == [-128])
        // Symmetric weights: 1 is 127.
        #expect(full.initializers["w_quantized"]?.array(of: Int8.self) == [64, -127])
        // Flatten has the scale of its operand.
        let quantize = try #require(full.nodes.first { $0.name == "f_QuantizeLinear" })
        #expect(quantize.inputs == ["f", "p_scale", "p_zero_point"])
    }

    @Test func everyStepExemptsOneNodeMore() throws {
        let path = try PublishedPath(convolutionNet(), source: feeds)
        #expect(Set(path.steps).count == path.steps.count)
        var exempted: [Int] = []
        var last: Model?
        try path.forEachCandidate { candidate in
            #expect(candidate.model != last)
            last = candidate.model
            exempted.append(candidate.exempted)
            return true
        }
        #expect(exempted.first == 0)
        #expect(exempted == exempted.sorted())
        let end = try path.candidate(exempting: path.steps.count).graph
        #expect(!end.nodes.contains { $0.opType == "QuantizeLinear" })
    }
}
