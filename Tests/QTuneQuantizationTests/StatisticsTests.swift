import QTuneQuantization
import QTuneTensor
import Testing

@Suite struct StatisticsTests {
    private func observed(_ runs: [[Float]], shape: Shape? = nil) -> TensorStatistics {
        var statistics = TensorStatistics()
        for run in runs { statistics.observe(Tensor(run, shape: shape ?? [run.count])) }
        return statistics
    }

    @Test func extremesAndCounts() {
        let seen = observed([[1, -2, 0, 3], [0.5, .infinity, .nan, -7]])
        #expect(seen.minimum == -7)
        #expect(seen.maximum == 3)
        #expect(seen.count == 6)
        #expect(seen.nonFinite == 2)
        #expect(seen.histogram.zeros == 1)
        #expect(seen.histogram.counts.reduce(0, +) == 5)
    }

    @Test func limitsDoubleAndKeepEveryCount() {
        let runs: [[Float]] = (0..<40).map { step in [Float(sign: .plus, exponent: step - 20, significand: 1.5), -1] }
        let seen = observed(runs)
        #expect(seen.histogram.counts.reduce(0, +) == 80)
        #expect(seen.histogram.limit >= seen.maximum)
        #expect(seen.histogram.limit < 2 * seen.maximum)
    }

    @Test func mergingEqualsObservingTogether() {
        let a: [[Float]] = [[1, 2, -3, 0], [100, 0.25, 1, 1]]
        let b: [[Float]] = [[-1000, 4, 4, 4]]
        var merged = observed(a, shape: [2, 2])
        merged.merge(observed(b, shape: [2, 2]))
        #expect(merged == observed(a + b, shape: [2, 2]))
    }

    @Test func channelMeans() {
        var seen = TensorStatistics()
        seen.observe(Tensor([1, 3, 10, 30] as [Float], shape: [1, 2, 1, 2]))
        seen.observe(Tensor([5, 7, 50, 70] as [Float], shape: [1, 2, 1, 2]))
        #expect(seen.channelMeans == [4, 40])
        seen.observe(Tensor([1, 2, 3] as [Float], shape: [1, 3, 1, 1]))
        #expect(seen.channelMeans == nil)
    }

    @Test func channelsOfASequenceAreItsSecondAxis() {
        var seen = TensorStatistics()
        seen.observe(Tensor([1, 2, 3, 10, 20, 30] as [Float], shape: [1, 2, 3]))
        #expect(seen.channelMeans == [2, 20])
    }

    @Test func roundTrip() throws {
        var statistics = Statistics()
        statistics.runs = 3
        statistics.tensors["x"] = observed([[0.1, -0.7, 1e-6, 12]], shape: [2, 2])
        statistics.tensors["never"] = TensorStatistics()
        #expect(try Statistics(json: statistics.json()) == statistics)
    }

    @Test(arguments: [
        #"{"schema": 2, "runs": 1, "tensors": {}}"#,
        #"{"schema": 1, "runs": 1}"#,
        #"{"schema": 1, "runs": 1, "tensors": {"x": {"minimum": 0, "maximum": 1, "count": 1, "nonFinite": 0, "channelSums": [], "histogram": {"limit": 1, "first": 8190, "counts": [1, 2, 3], "zeros": 0}}}}"#,
    ])
    func damagedStatisticsAreErrors(text: String) {
        #expect(throws: QTuneError.self) { try Statistics(json: Array(text.utf8)) }
    }

    @Test func percentileCutsBothEnds() {
        // 1..1000 and -1..-1000: 99 % of them lie within +-990.
        let values = (1...1000).map(Float.init)
        let seen = observed([values + values.map(-)])
        let range = RangeMethod.percentile(99).range(of: seen)
        #expect(abs(range.upperBound - 990) < 1)
        #expect(abs(range.lowerBound + 990) < 1)
        #expect(RangeMethod.percentile(100).range(of: seen).upperBound == 1000)
        #expect(RangeMethod.minMax.range(of: seen) == -1000...1000)
    }

    @Test func oneSidedValuesKeepZeroInside() {
        let range = RangeMethod.percentile(90).range(of: observed([(100...200).map(Float.init)]))
        #expect(range.lowerBound == 0)
        #expect(range.upperBound < 200)
    }

    /// Masks hold the lowest float32, of which two have no sum in float32.
    @Test func meansOfTheLargestValuesAreFinite() throws {
        let lowest = -Float.greatestFiniteMagnitude
        let seen = observed([[lowest, lowest, 0, 0]], shape: [1, 2, 2])
        #expect(seen.channelMeans == [lowest, 0])
        var statistics = Statistics()
        statistics.tensors["mask"] = seen
        #expect(try Statistics(json: statistics.json()) == statistics)
    }

    /// Five million values peaked at 0 between -1 and 1, and one of 8, which costs more than it is worth.
    @Test(arguments: [RangeMethod.entropy, .squaredError])
    func searchesCutOffOutliers(method: RangeMethod) {
        var seen = observed([(0..<20000).map { Float($0) / 10000 - 1 }.map { $0 * abs($0) }])
        for _ in 0..<8 { seen.merge(seen) }
        seen.observe(Tensor([8] as [Float]))
        let range = method.range(of: seen)
        #expect(range.upperBound < 6)
        #expect(range.upperBound > 0.5)
    }

    @Test func emptyAndConstantTensors() {
        #expect(RangeMethod.entropy.range(of: TensorStatistics()) == 0...0)
        #expect(RangeMethod.squaredError.range(of: observed([[0, 0]])) == 0...0)
        #expect(RangeMethod.percentile(99.9).range(of: observed([[5, 5]])) == 0...5)
    }
}
