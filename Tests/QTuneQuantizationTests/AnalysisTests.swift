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

    /// A network that gives no numbers must not look like a perfect one.
    @Test(arguments: [Float.nan, .infinity]) func outputsThatAreNoNumbersAreBad(_ value: Float) throws {
        for reference in [[0.5, 0.25, 0.25], [3, -1, 2]] as [[Float]] {
            var difference = OutputDifference()
            try difference.add(reference: Tensor(reference), Tensor([value, value, value]))
            #expect(difference.divergence >= 1e6 && difference.divergence.isFinite)
            #expect(difference.meanSquaredError >= 1e6 && difference.meanSquaredError.isFinite)
            #expect(difference.cosineDistance == 2)
        }
        var disagreement = OutputDifference()
        try disagreement.add(reference: Tensor([1, 2] as [Float]), Tensor([1, .nan] as [Float]))
        #expect(disagreement.disagreement == 1)
    }

    /// Quantized probabilities may miss the sum of 1; they are probabilities all the same.
    @Test func theReferenceDecidesWhatProbabilitiesAre() throws {
        var difference = OutputDifference()
        try difference.add(reference: Tensor([0.5, 0.5] as [Float]), Tensor([0.45, 0.45] as [Float]))
        #expect(difference.divergence < 1e-9)
        try difference.add(reference: Tensor([-.infinity, 2] as [Float]), Tensor([-.infinity, 2] as [Float]))
        #expect(difference.cosineDistance == 0)
    }

    @Test(arguments: [Float.nan, -.infinity]) func weightsThatAreNoNumbersAreNamed(_ value: Float) throws {
        let g = GraphBuilder()
        let weights = g.constant(Tensor([1, value] as [Float], shape: [2, 1]), named: "broken")
        let model = g.model(g("MatMul", g.input("x", [1, 2]), weights, named: "y"))
        var statistics = Statistics()
        for name in ["x", "y"] {
            statistics.tensors[name] = TensorStatistics()
            statistics.tensors[name]?.observe(Tensor([1, -1] as [Float]))
        }
        let error = #expect(throws: QTuneError.self) {
            try Quantizer(model, statistics: statistics).quantize(Recipe())
        }
        #expect(error?.description.contains("broken") == true)
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
