internal import QTuneTensor

/// How often values fall where, gathered in one pass without knowing their range beforehand.
///
/// The bins cover [-limit, limit] evenly and `limit` is a power of two. A value outside doubles the limit and merges
/// neighbouring bins, so memory and resolution do not depend on how many values come.
public struct Histogram: Sendable, Equatable {
    /// Bins of every histogram. Since the limit is less than twice the largest magnitude, at least an eighth of them
    /// lie between 0 and it.
    static let binCount = 8192

    /// Upper end of the bins; 0 while no value other than 0 came.
    public private(set) var limit: Float = 0
    /// Values in each bin; empty while `limit` is 0.
    public private(set) var counts: [UInt64] = []
    /// Values that are exactly 0. Quantization keeps them exact, so they belong to no bin.
    public private(set) var zeros: UInt64 = 0

    public init() {}

    /// The width of one bin.
    public var binWidth: Float { limit == 0 ? 0 : 2 * limit / Float(Self.binCount) }

    /// The middle of bin `index`.
    public func center(_ index: Int) -> Float { (Float(index) + 0.5) * binWidth - limit }

    /// Counts finite values whose magnitudes are at most `largest`; others are left out.
    mutating func add(_ values: Span<Float>, largest: Float) {
        cover(largest)
        guard limit > 0 else {
            zeros &+= UInt64(values.count)
            return
        }
        let scale = Float(Self.binCount) / (2 * limit)
        let offset = Float(Self.binCount / 2)
        let top = Float(Self.binCount - 1)
        var exact: UInt64 = 0
        var bins = counts.mutableSpan
        for index in values.indices {
            let value = values[index]
            guard value != 0 else {
                exact &+= 1
                continue
            }
            guard value.isFinite else { continue }
            let bin = Int(max(0, min(top, (value * scale + offset).rounded(.down))))
            bins[bin] &+= 1
        }
        zeros &+= exact
    }

    /// Makes sure that magnitudes up to `largest` have a bin.
    private mutating func cover(_ largest: Float) {
        guard largest > 0, largest.isFinite else { return }
        if limit == 0 {
            var start: Float = 0x1p-60
            while start < largest, start < 0x1p126 { start *= 2 }
            limit = start
            counts = [UInt64](repeating: 0, count: Self.binCount)
        }
        while limit < largest, limit < 0x1p126 { double() }
    }

    private mutating func double() {
        var merged = [UInt64](repeating: 0, count: Self.binCount)
        for (index, count) in counts.enumerated() { merged[index / 2 + Self.binCount / 4] &+= count }
        counts = merged
        limit *= 2
    }

    /// Adds what another histogram counted.
    public mutating func merge(_ other: Histogram) {
        var other = other
        cover(other.limit)
        other.cover(limit)
        zeros &+= other.zeros
        for (index, count) in other.counts.enumerated() { counts[index] &+= count }
    }
}

extension Histogram: Codable {
    private enum Key: String, CodingKey { case limit, first, counts, zeros }

    /// Only the bins between the first and the last that is not empty are written.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        let first = counts.firstIndex { $0 > 0 } ?? 0
        let end = (counts.lastIndex { $0 > 0 } ?? -1) + 1
        try container.encode(limit, forKey: .limit)
        try container.encode(first, forKey: .first)
        try container.encode(first < end ? Array(counts[first..<end]) : [], forKey: .counts)
        try container.encode(zeros, forKey: .zeros)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        limit = try container.decode(Float.self, forKey: .limit)
        zeros = try container.decode(UInt64.self, forKey: .zeros)
        let first = try container.decode(Int.self, forKey: .first)
        let span = try container.decode([UInt64].self, forKey: .counts)
        guard limit.isFinite, limit >= 0, (0...Self.binCount).contains(first), span.count <= Self.binCount - first
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .counts, in: container, debugDescription: "bins out of range")
        }
        guard limit > 0 else { return }
        counts = [UInt64](repeating: 0, count: Self.binCount)
        for (offset, count) in span.enumerated() { counts[first + offset] = count }
    }
}
