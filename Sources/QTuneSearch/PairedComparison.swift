#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Two networks judged on the same samples: how many the second one loses and wins against the first.
///
/// Pairing removes the noise that both share; only the samples on which they differ count.
public struct PairedComparison: Codable, Sendable, Hashable {
    public let samples: Int
    /// Samples that only the reference gets right.
    public let lost: Int
    /// Samples that only the candidate gets right.
    public let won: Int

    public init(samples: Int, lost: Int, won: Int) {
        precondition(samples >= lost + won && lost >= 0 && won >= 0, "counts disagree")
        self.samples = samples
        self.lost = lost
        self.won = won
    }

    /// - Parameters:
    ///   - reference: whether the reference is right, sample by sample.
    ///   - candidate: the same of the candidate.
    public init(reference: [Bool], candidate: [Bool]) {
        precondition(reference.count == candidate.count, "not the same samples")
        let pairs = zip(reference, candidate)
        self.init(
            samples: reference.count, lost: pairs.count(where: { $0 && !$1 }), won: pairs.count(where: { !$0 && $1 }))
    }

    /// Share of samples that the candidate loses on balance. Lower is better.
    public var loss: Double { samples == 0 ? 0 : Double(lost - won) / Double(samples) }

    /// Samples on which the two differ, as a share.
    public var discordance: Double { samples == 0 ? 0 : Double(lost + won) / Double(samples) }

    /// Newcombe's interval (1998, method 10) for `loss` at 95 %: score intervals of both rates, joined with their
    /// correlation.
    /// - Parameter bothRight: samples that both get right.
    public func interval(bothRight: Int) -> ClosedRange<Double> {
        guard samples > 0 else { return -1...1 }
        let n = Double(samples)
        let (a, b, c) = (Double(bothRight), Double(lost), Double(won))
        let d = n - a - b - c
        let (p1, p2) = ((a + b) / n, (a + c) / n)
        let (l1, u1) = Self.wilson(p1, n)
        let (l2, u2) = Self.wilson(p2, n)
        let product = (a + b) * (c + d) * (a + c) * (b + d)
        var phi = product > 0 ? (a * d - b * c) / product.squareRoot() : 0
        // Without the continuity correction small positive correlations come out too large.
        if phi > 0 { phi = max(a * d - b * c - n / 2, 0) / product.squareRoot() }
        let lower = Self.joined(p1 - l1, u2 - p2, phi)
        let upper = Self.joined(u1 - p1, p2 - l2, phi)
        return loss - lower...loss + upper
    }

    /// The two-sided exact binomial probability of so unequal a split of the discordant samples, were both equally good
    /// (McNemar's test). Small means that the two differ.
    public var mcNemar: Double {
        let n = lost + won
        guard n > 0 else { return 1 }
        var term = -Double(n) * log(2.0)
        var tail = exp(term)
        for k in 0..<min(lost, won) {
            term += log(Double(n - k)) - log(Double(k + 1))
            tail += exp(term)
        }
        return min(1, 2 * tail)
    }

    /// The smallest loss, as a share, that so many samples show with 80 % power at the two-sided 5 % level, when the
    /// networks differ on `discordance` of them (Miettinen 1968); at least 3 / samples, the rate that no event in so
    /// many samples leaves open.
    public static func smallestVisibleLoss(samples: Int, discordance: Double) -> Double {
        guard samples > 0 else { return 1 }
        return max(3 / Double(samples), (1.959_964 + 0.841_621) * (discordance / Double(samples)).squareRoot())
    }

    /// Wilson's score interval at 95 %.
    private static func wilson(_ p: Double, _ n: Double) -> (Double, Double) {
        let z = 1.959_964
        let center = (p + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        return (max(0, center - half), min(1, center + half))
    }

    private static func joined(_ x: Double, _ y: Double, _ phi: Double) -> Double {
        max(0, x * x - 2 * phi * x * y + y * y).squareRoot()
    }
}
