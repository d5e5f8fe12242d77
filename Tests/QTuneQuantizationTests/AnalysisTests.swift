import QTuneGraph
import QTuneQuantization
import QTuneTensor
import QTuneTestSupport
import Testing

@Suite struct AnalysisTests {
    @Test func signalToNoiseOfTwoRuns() throws {
        var ratio = SignalToNoise()
        try ratio.add(reference: Tensor([3, 4] as [Float]), Tensor([3, 4.5] as [Float]))
        try ratio.add(reference: Tensor([0, 5] as [Float]), Tensor([0.5, 5] as [Float]))
        // 20 log10(sqrt(50) / sqrt(0.5))
        #expect(abs(ratio.decibels - 20) < 1e-9)
        #expect(abs(ratio.relativeError - 0.1) < 1e-9)
    }

    @Test func equalTensorsAreFinite() throws {
        var ratio = SignalToNoise()
        try ratio.add(reference: Tensor([1] as [Float]), Tensor([1] as [Float]))
        #expect(ratio.relativeError == 0)
        // 20 log10(1 / 2^-52)
        #expect(abs(ratio.decibels - 313.07) < 0.01)
        #expect(throws: QTuneError.self) {
            try ratio.add(reference: Tensor([1] as [Float]), Tensor([1, 2] as [Float]))
        }
    }

    @Test func outputDifference() throws {
        var difference = OutputDifference()
        let reference = Tensor([0.5, 0.25, 0.25, 0, 1, 0] as [Float], shape: [2, 3])
        let output = Tensor([0.25, 0.5, 0.25, 0, 1, 0] as [Float], shape: [2, 3])
        try difference.add(reference: reference, output)
        #expect(difference.samples == 2)
        #expect(difference.disagreement == 0.5)
        // (0.5 ln 2 - 0.25 ln 2) / 2
        #expect(abs(difference.divergence - 0.125 * 0.6931471805599453) < 1e-9)
        // 1 - 0.3125 / 0.375, halved
        #expect(abs(difference.cosineDistance - (1 - 0.3125 / 0.375) / 2) < 1e-9)
        #expect(abs(difference.meanSquaredError - 0.125 / 3 / 2) < 1e-9)
    }

    /// Two layers, of which the first has a weight that int8 cannot hold beside its neighbour.
    private func twoLayers() -> Model {
        let g = GraphBuilder()
        let x = g.input("x", .float32, [1, 2])
        let first = g.constant(Tensor([100, 0.3, 0, 0.4] as [Float], shape: [2, 2]), named: "first")
        let second = g.constant(Tensor([0, 1, 1, 0] as [Float], shape: [2, 2]), named: "second")
        return g.model(g("MatMul", g("MatMul", x, first, named: "h"), second, named: "y"))
    }

    private var feeds: TensorFeeds {
        TensorFeeds((0..<4).map { ["x": Tensor([Float($0) / 100, 1 - Float($0) / 7] as [Float], shape: [1, 2])] })
    }

    @Test func sensitivityFindsTheLayer() throws {
        let model = twoLayers()
        let statistics = try Calibrator.gather(model, source: feeds)
        let quantizer = Quantizer(model, statistics: statistics)
        var recipe = Recipe()
        recipe.granularity = .tensor
        let found = try Sensitivity.measure(quantizer, recipe: recipe, source: feeds)
        #expect(found.runs == 4)
        #expect(found.groups.count == 2)
        let first = quantizer.groups[0].name
        #expect(found.byHarm.first == first)
        #expect(found.byHelp.first == first)
        #expect(found.groups[0].alone.meanSquaredError > found.groups[1].alone.meanSquaredError)
        #expect(found.full.meanSquaredError > 0)
        let json = try JSONRoundTrip.check(found)
        #expect(json == found)
    }

    @Test func tensorErrorsAddUpDownstream() throws {
        let model = twoLayers()
        let quantizer = Quantizer(model, statistics: try Calibrator.gather(model, source: feeds))
        var recipe = Recipe()
        recipe.granularity = .tensor
        recipe.results = .quantized
        let quantized = try quantizer.quantize(recipe)
        let errors = try TensorErrors.measure(float: model, quantized: quantized, source: feeds)
        #expect(errors.entries.map(\.tensor) == ["x", "h", "y"])
        #expect(errors.runs == 4)
        // The input has nothing upstream: both errors are the same.
        #expect(errors.entries[0].qdq == errors.entries[0].xmodel)
        #expect(errors.entries[2].xmodel.decibels <= errors.entries[2].qdq.decibels)
    }
}
