import QTuneData
import QTuneTensor
import Testing

@Suite struct MetricsTests {
    /// Values of `scipy.stats.weightedtau`.
    @Test(arguments: [
        ([5, 3, 9, 1, 7], [5, 3, 9, 1, 7], 1.0),
        ([5, 3, 9, 1, 7], [7, 1, 9, 3, 5], 0.718978102189781),
        ([5, 3, 9, 1, 7], [3, 5, 9, 1, 7], 0.8722627737226277),
        ([5, 3, 9, 1, 7], [100, 2, 50, 9, 7], 0.21350364963503649),
        ([1, 2], [2, 1], -1.0),
        ([4], [4], 0.0),
    ])
    func weightedTauIsThatOfSciPy(_ x: [Int], _ y: [Int], _ tau: Double) {
        #expect(abs(weightedTau(x, y) - tau) < 1e-12)
    }

    @Test(
        arguments: [
            ([0.1, 0.9, 0.5, -3], [1, 2, 0, 3]),
            ([1, 1, 1, 1, 1, 1, 1], [0, 1, 2, 3, 4]),
            ([.nan, 0, .infinity], [2, 1, 0]),
            ([6, 5, 4, 3, 2, 1, 7, 8], [7, 6, 0, 1, 2]),
            ([2], [0]),
        ] as [([Float], [Int])])
    func ranksTheBestFive(_ scores: [Float], _ ranking: [Int]) throws {
        #expect(try Prediction(logits: Tensor(scores, shape: [1, scores.count])).ranking == ranking)
    }

    @Test func scoresMustBeThere() {
        #expect(throws: QTuneError.self) { try Prediction(logits: Tensor([Float]())) }
        #expect(throws: QTuneError.self) { try Prediction(logits: Tensor([Int32(1)])) }
    }

    @Test func sharesAreOfAllSamples() {
        let reference = [[0, 1], [1, 0], [0, 1], [1, 0]].map { Prediction(ranking: $0) }
        let answers = [[0, 1], [0, 1], [0, 1], [1, 0]].map { Prediction(ranking: $0) }
        let metrics = Metrics(answers, reference: reference, labels: [0, 0, 1, 2])
        #expect(metrics.samples == 4)
        #expect(metrics.top1 == 0.5)
        #expect(metrics.top5 == 0.75)
        #expect(metrics.agreement == 0.75)
        #expect(metrics.dissimilarity == 25)
        #expect(Metrics(answers, reference: reference, labels: nil).top1 == nil)
    }
}
