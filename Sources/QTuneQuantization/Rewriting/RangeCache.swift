internal import QTuneTensor
internal import Synchronization

/// Ranges of real values by tensor and method: the searching methods take long, and every recipe asks again.
final class RangeCache: Sendable {
    private struct Key: Hashable {
        var tensor: String
        var method: RangeMethod
    }

    private let statistics: Statistics
    private let entries = Mutex<[Key: ClosedRange<Float>]>([:])

    init(_ statistics: Statistics) { self.statistics = statistics }

    /// The range to quantize `tensor` over; nil where calibration saw no value of it.
    func range(of tensor: String, method: RangeMethod) -> ClosedRange<Float>? {
        let key = Key(tensor: tensor, method: method)
        if let known = entries.withLock({ $0[key] }) { return known }
        guard let seen = statistics.tensors[tensor], seen.count > 0 else { return nil }
        let range = method.range(of: seen)
        entries.withLock { $0[key] = range }
        return range
    }

    /// The mean of each channel of `tensor`, where calibration counted channels.
    func channelMeans(of tensor: String) -> [Float]? { statistics.tensors[tensor]?.channelMeans }
}
