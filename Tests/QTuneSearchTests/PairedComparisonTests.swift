import QTuneSearch
import Testing

@Suite struct PairedComparisonTests {
    @Test func countsWhereTheTwoDiffer() {
        let comparison = PairedComparison(
            reference: [true, true, false, false, true], candidate: [true, false, true, false, false])
        #expect(comparison == PairedComparison(samples: 5, lost: 2, won: 1))
        #expect(comparison.loss == 0.2)
        #expect(comparison.discordance == 0.6)
    }

    /// The worked example of Newcombe (1998), table of 36, 12, 2, 0: 0.0569 to 0.3404.
    @Test func intervalIsNewcombes() {
        let interval = PairedComparison(samples: 50, lost: 12, won: 2).interval(bothRight: 36)
        #expect(abs(interval.lowerBound - 0.0569) < 5e-5)
        #expect(abs(interval.upperBound - 0.3404) < 5e-5)
    }

    @Test(arguments: [(0, 0), (0, 10), (10, 0), (5, 5), (300, 1)])
    func intervalHoldsTheEstimate(_ lost: Int, _ won: Int) {
        for bothRight in [0, 100, 690] {
            let comparison = PairedComparison(samples: 1000, lost: lost, won: won)
            #expect(comparison.interval(bothRight: bothRight).contains(comparison.loss))
        }
    }

    /// Binomial tails worked out by hand.
    @Test(arguments: [(0, 0, 1.0), (5, 0, 0.0625), (0, 5, 0.0625), (4, 1, 0.375), (3, 3, 1.0), (10, 2, 158.0 / 4096)])
    func mcNemarIsTheExactBinomialTest(_ lost: Int, _ won: Int, _ probability: Double) {
        #expect(abs(PairedComparison(samples: 100, lost: lost, won: won).mcNemar - probability) < 1e-12)
    }

    @Test func moreSamplesShowSmallerLosses() {
        #expect(abs(PairedComparison.smallestVisibleLoss(samples: 1000, discordance: 0.04) - 0.0177) < 1e-4)
        #expect(PairedComparison.smallestVisibleLoss(samples: 0, discordance: 0.1) == 1)
        #expect(PairedComparison.smallestVisibleLoss(samples: 300, discordance: 0) == 0.01)
    }
}
