internal import QTuneRuntime
internal import QTuneTensor

/// Median time of one inference, with how much it spread.
public struct Latency: Codable, Sendable, Hashable {
    /// Milliseconds. Lower is better.
    public let median: Double
    /// The fastest inference, milliseconds.
    public let minimum: Double
    /// Nine of ten inferences were at most so slow, milliseconds.
    public let percentile90: Double
    /// Inferences that were timed.
    public let runs: Int

    /// - Parameter milliseconds: at least one time.
    public init(milliseconds: [Double]) {
        precondition(!milliseconds.isEmpty, "no times")
        let sorted = milliseconds.sorted()
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        minimum = sorted[0]
        percentile90 = sorted[min(sorted.count - 1, sorted.count * 9 / 10)]
        runs = sorted.count
    }
}

/// Times networks side by side.
public enum LatencyMeter {
    /// Times `bodies` in turn, so that a drift of the machine's speed meets all of them alike.
    /// - Parameters:
    ///   - seconds: for all of them together; each runs at least five times after two runs to warm up.
    ///   - bodies: one inference each.
    /// - Returns: a latency for each body.
    public static func measure(seconds: Double, _ bodies: [() throws -> Void]) throws -> [Latency] {
        for _ in 0..<2 { for body in bodies { try body() } }
        let clock = ContinuousClock()
        let start = clock.now
        var times = bodies.map { _ in [Double]() }
        while times.first.map({ $0.count < 5 }) ?? false || start.duration(to: clock.now).seconds < seconds {
            guard !bodies.isEmpty else { break }
            for (index, body) in bodies.enumerated() {
                let begin = clock.now
                try body()
                times[index].append(begin.duration(to: clock.now).seconds * 1e3)
            }
        }
        return times.map(Latency.init(milliseconds:))
    }
}

extension Duration {
    /// The duration in seconds.
    package var seconds: Double {
        let (whole, attoseconds) = components
        return Double(whole) + Double(attoseconds) * 1e-18
    }
}
