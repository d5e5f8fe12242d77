public import QTuneTensor

/// Inputs for a network, one run each, in random access. Every index gives the same tensors each time.
public protocol CalibrationSource: Sendable {
    /// How many runs there are.
    var count: Int { get }

    /// The tensors for run `index`, by the names of the network's inputs.
    func feeds(_ index: Int) throws -> [String: Tensor]
}

/// Inputs that are already in memory.
public struct TensorFeeds: CalibrationSource {
    public let runs: [[String: Tensor]]

    public init(_ runs: [[String: Tensor]]) { self.runs = runs }

    public var count: Int { runs.count }

    public func feeds(_ index: Int) throws -> [String: Tensor] {
        guard runs.indices.contains(index) else {
            throw QTuneError(.invalidArgument, "there is no run \(index) among \(runs.count)")
        }
        return runs[index]
    }
}

/// The first runs of another source.
public struct FirstFeeds: CalibrationSource {
    private let source: any CalibrationSource
    public let count: Int

    /// At most `limit` runs of `source`.
    public init(_ source: any CalibrationSource, limit: Int) {
        self.source = source
        count = max(0, min(limit, source.count))
    }

    public func feeds(_ index: Int) throws -> [String: Tensor] { try source.feeds(index) }
}
