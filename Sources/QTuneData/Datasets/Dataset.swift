public import QTuneTensor

/// Samples that a network is calibrated or evaluated on, by position. Reading one twice gives the same.
public protocol Dataset: Sendable {
    /// The number of samples.
    var count: Int { get }
    /// The class of each sample, where the data are labelled.
    var labels: [Int]? { get }
    /// What the samples are, in their order: changes when the data change.
    var identity: String { get }
    /// The network's input for sample `index`, with a first axis of length 1.
    func input(at index: Int) throws -> Tensor
}

/// Some of the samples of another data set.
public struct DatasetSlice: Dataset {
    private let base: any Dataset
    private let indices: [Int]

    public init(_ base: any Dataset, indices: [Int]) {
        self.base = base
        self.indices = indices
    }

    public var count: Int { indices.count }
    public var labels: [Int]? { base.labels.map { labels in indices.map { labels[$0] } } }
    public var identity: String { "\(base.identity)[\(StableHash(indices.map { "\($0)" }).text)]" }
    public func input(at index: Int) throws -> Tensor { try base.input(at: indices[index]) }
}

extension Dataset {
    /// The first `limit` samples.
    public func prefix(_ limit: Int) -> any Dataset {
        limit >= count ? self : DatasetSlice(self, indices: Array(0..<limit))
    }

    /// `limit` samples spread evenly over the data set, which may be sorted by class.
    public func spread(_ limit: Int) -> any Dataset {
        limit >= count ? self : DatasetSlice(self, indices: (0..<limit).map { $0 * count / limit })
    }
}
