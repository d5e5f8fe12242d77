internal import FoundationEssentials
public import QTuneTensor

/// What calibration saw of a network's activations. Gathered once and good for every recipe.
public struct Statistics: Sendable, Equatable, Codable {
    /// The version of the written form.
    public static let currentSchema = 1

    public var schema = Self.currentSchema
    /// Runs that were observed.
    public var runs = 0
    /// By name of the value in the prepared model.
    public var tensors: [String: TensorStatistics] = [:]

    public init() {}

    /// Adds what was seen in other runs of the same network.
    public mutating func merge(_ other: Statistics) {
        runs += other.runs
        tensors.merge(other.tensors) { mine, theirs in
            var merged = mine
            merged.merge(theirs)
            return merged
        }
    }

    /// Reads the written form. Throws where it is damaged or of another version.
    public init(json: [UInt8]) throws {
        self = try decodeJSON(Statistics.self, from: json, what: "statistics")
        guard schema == Self.currentSchema else {
            throw QTuneError(
                .invalidData, "the statistics are of version \(schema), this program reads \(Self.currentSchema)",
                remedy: "calibrate again")
        }
    }

    /// The written form.
    public func json() throws -> [UInt8] { try encodeJSON(self) }
}

/// What calibration saw of one tensor.
public struct TensorStatistics: Sendable, Equatable, Codable {
    /// Smallest and largest finite value; 0 and 0 while there is none.
    public var minimum: Float = 0
    public var maximum: Float = 0
    /// Finite values that were seen.
    public var count = 0
    /// Values that were infinite or not a number.
    public var nonFinite = 0
    /// Where the values lie.
    public var histogram = Histogram()
    /// The sum for each channel (axis 1: images, sequences and rows have it there), where the number of channels is
    /// always the same; else empty.
    public var channelSums: [Double] = []

    public init() {}

    /// The mean of each channel; nil where channels were not counted.
    public var channelMeans: [Float]? {
        guard !channelSums.isEmpty, count > 0 else { return nil }
        let perChannel = Double(count + nonFinite) / Double(channelSums.count)
        return channelSums.map { Float($0 / perChannel) }
    }

    /// Counts the values of a float32 tensor; tensors of other types are left out.
    public mutating func observe(_ tensor: Tensor) {
        guard tensor.dtype == .float32, tensor.count > 0 else { return }
        tensor.withSpan(of: Float.self) { values in
            observeChannels(values, shape: tensor.shape)
            let range = Self.range(of: values)
            nonFinite += values.count - range.finite
            if range.finite > 0 {
                minimum = count == 0 ? range.minimum : min(minimum, range.minimum)
                maximum = count == 0 ? range.maximum : max(maximum, range.maximum)
                histogram.add(values, largest: max(abs(range.minimum), abs(range.maximum)))
            }
            count += range.finite
        }
    }

    private mutating func observeChannels(_ values: Span<Float>, shape: Shape) {
        guard shape.rank >= 2 else { return }
        let axis = 1
        let channels = shape[axis]
        if count == 0 && nonFinite == 0 { channelSums = [Double](repeating: 0, count: channels) }
        guard channelSums.count == channels else {
            channelSums = []
            return
        }
        let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
        guard inner > 0 else { return }
        var index = 0
        while index < values.count {
            let channel = index / inner % channels
            // In float32, two of the values that attention masks hold have no sum.
            var sum = 0.0
            for position in index..<(index + inner) {
                let value = values[position]
                if value.isFinite { sum += Double(value) }
            }
            channelSums[channel] += sum
            index += inner
        }
    }

    private static func range(of values: Span<Float>) -> (minimum: Float, maximum: Float, finite: Int) {
        var minimum = Float.infinity
        var maximum = -Float.infinity
        var finite = 0
        for index in values.indices {
            let value = values[index]
            guard value.isFinite else { continue }
            finite &+= 1
            if value < minimum { minimum = value }
            if value > maximum { maximum = value }
        }
        return (minimum, maximum, finite)
    }

    /// Adds what was seen of the same tensor in other runs.
    public mutating func merge(_ other: TensorStatistics) {
        if other.count > 0 {
            minimum = count == 0 ? other.minimum : min(minimum, other.minimum)
            maximum = count == 0 ? other.maximum : max(maximum, other.maximum)
        }
        if count == 0 && nonFinite == 0 {
            channelSums = other.channelSums
        } else if channelSums.count == other.channelSums.count {
            for index in channelSums.indices { channelSums[index] += other.channelSums[index] }
        } else {
            channelSums = []
        }
        count += other.count
        nonFinite += other.nonFinite
        histogram.merge(other.histogram)
    }
}
