public import QTuneTensor

/// What a classifier answered for one sample, as far as metrics need it.
public struct Prediction: Codable, Sendable, Hashable {
    /// The classes of the five largest outputs, best first; fewer where there are fewer classes.
    public let ranking: [Int]

    public init(ranking: [Int]) { self.ranking = ranking }

    /// The ranking of `logits`, float32 of any shape with one entry a class. Equal outputs rank by class number; NaN
    /// ranks last.
    public init(logits: Tensor) throws {
        guard logits.dtype == .float32, logits.count > 0 else {
            throw QTuneError(
                .invalidData, "the network's first output is \(logits.dtype) \(logits.shape), no scores of classes")
        }
        var best: [(score: Float, label: Int)] = []
        for (label, raw) in logits.array(of: Float.self).enumerated() {
            let score = raw.isNaN ? -.infinity : raw
            if best.count == Self.depth, score <= best[Self.depth - 1].score { continue }
            let place = best.firstIndex { $0.score < score } ?? best.count
            best.insert((score, label), at: place)
            if best.count > Self.depth { best.removeLast() }
        }
        ranking = best.map(\.label)
    }

    private static let depth = 5

    /// The class with the largest output.
    public var top1: Int { ranking[0] }
}
