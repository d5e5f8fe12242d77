internal import QTuneQuantization
internal import QTuneTensor

/// Some feeds of another source, drawn without repetition; the seed decides which.
struct DrawnFeeds: CalibrationSource {
    private let base: any CalibrationSource
    private let indices: [Int]

    init(_ base: any CalibrationSource, count: Int, seed: UInt64) {
        self.base = base
        var random = SplitMix64(seed: seed)
        indices = (0..<base.count).shuffled(using: &random).prefix(count).sorted()
    }

    var count: Int { indices.count }

    func feeds(_ index: Int) throws -> [String: Tensor] { try base.feeds(indices[index]) }
}
