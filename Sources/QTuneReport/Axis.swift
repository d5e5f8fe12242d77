#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A linear axis between two values with ticks at round numbers.
struct Axis {
    let lower: Double
    let upper: Double
    let ticks: [Double]

    /// An axis that holds `values` with some room on both sides, and about `count` ticks. Where no value is negative it
    /// does not go below 0.
    init(holding values: [Double], count: Int = 6) {
        let finite = values.filter(\.isFinite)
        var low = finite.min() ?? 0
        var high = finite.max() ?? 1
        if high - low < 1e-9 * max(1, abs(high)) {
            let room = max(abs(high) * 0.1, 1e-3)
            low -= room
            high += room
        }
        let step = Self.roundStep((high - low) / Double(count))
        lower =
            finite.allSatisfy { $0 >= 0 }
            ? max(0, (low / step - 0.25).rounded(.down) * step) : (low / step - 0.25).rounded(.down) * step
        upper = (high / step + 0.25).rounded(.up) * step
        let first = Int((lower / step).rounded())
        let last = Int((upper / step).rounded())
        ticks = (first...last).map { Double($0) * step }
    }

    /// Where `value` lies on a line that runs from `start` to `end`.
    func position(_ value: Double, from start: Double, to end: Double) -> Double {
        start + (value - lower) / (upper - lower) * (end - start)
    }

    /// 1, 2 or 5 times a power of ten, at least `raw`.
    private static func roundStep(_ raw: Double) -> Double {
        let magnitude = pow(10, log10(raw).rounded(.down))
        let factor = [1.0, 2, 5, 10].first { $0 * magnitude >= raw * 0.999 } ?? 10
        return factor * magnitude
    }
}
