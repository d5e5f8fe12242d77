internal import QTuneTensor

/// How a tensor's range of real values follows from what calibration saw.
public enum RangeMethod: Sendable, Hashable {
    /// From the smallest to the largest value.
    case minMax
    /// That share of the values, in per cent, lies inside; the rest is cut off in equal parts at both ends.
    case percentile(Double)
    /// The range that changes the distribution least (Kullback-Leibler divergence).
    case entropy
    /// The range with the least squared error.
    case squaredError

    func validate() throws {
        if case .percentile(let share) = self, !(share > 50 && share <= 100) {
            throw QTuneError(
                .invalidData, "the percentile must be above 50 and at most 100, not \(share)", place: ["recipe"])
        }
    }

    /// The range of real values to quantize, 0 always inside. Of a tensor that never held anything: 0 to 0.
    public func range(of statistics: TensorStatistics, levels: Int = 256) -> ClosedRange<Float> {
        let lower = min(0, statistics.minimum)
        let upper = max(0, statistics.maximum)
        let all = lower...upper
        guard statistics.count > 0, lower < upper else { return all }
        return switch self {
        case .minMax: all
        case .percentile(let share): statistics.histogram.percentileRange(share, within: all)
        case .entropy: statistics.histogram.bestRange(within: all) { $0.divergence(of: $1, levels: levels) }
        case .squaredError: statistics.histogram.bestRange(within: all) { $0.squaredError(of: $1, levels: levels) }
        }
    }
}

extension RangeMethod: Codable {
    private enum Key: String, CodingKey, CaseIterable { case method, percentile }
    private enum Name: String, Codable { case minMax, percentile, entropy, squaredError }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectUnknownKeys(Key.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: Key.self)
        switch try container.decode(Name.self, forKey: .method) {
        case .minMax: self = .minMax
        case .percentile: self = .percentile(try container.decodeIfPresent(Double.self, forKey: .percentile) ?? 99.99)
        case .entropy: self = .entropy
        case .squaredError: self = .squaredError
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .minMax: try container.encode(Name.minMax, forKey: .method)
        case .percentile(let share):
            try container.encode(Name.percentile, forKey: .method)
            try container.encode(share, forKey: .percentile)
        case .entropy: try container.encode(Name.entropy, forKey: .method)
        case .squaredError: try container.encode(Name.squaredError, forKey: .method)
        }
    }
}
