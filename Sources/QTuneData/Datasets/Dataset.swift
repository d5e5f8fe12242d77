public import QTuneTensor

/// Samples that a network is calibrated or evaluated on, by position. Reading one twice gives the same.
public protocol Dataset: Sendable {
    /// The number of samples.
    var count: Int { get }
    /// The class of each sample, where the data are labelled.
    var labels: [Int]? { get }
    /// What the samples are, in their order: changes when the data change.
    var identity: String { get }
    /// A hash of sample `index` as it is stored: equal samples have equal ones, in whichever data set they are.
    func fingerprint(at index: Int) throws -> StableHash
    /// Where the samples come from, as errors name it: a file or folder; nil where there is no such place.
    var place: String? { get }
    /// The network's only input for sample `index`, with a first axis of length 1.
    func input(at index: Int) throws -> Tensor
    /// The inputs for sample `index` by their names, each with a first axis of length 1; nil where samples have one
    /// input without a name, which `input(at:)` gives.
    func namedInputs(at index: Int) throws -> [String: Tensor]?
}

extension Dataset {
    public var place: String? { nil }
    public func namedInputs(at index: Int) throws -> [String: Tensor]? { nil }
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
    public var place: String? { base.place }
    public func input(at index: Int) throws -> Tensor { try base.input(at: indices[index]) }
    public func namedInputs(at index: Int) throws -> [String: Tensor]? { try base.namedInputs(at: indices[index]) }
    public func fingerprint(at index: Int) throws -> StableHash { try base.fingerprint(at: indices[index]) }
}

extension Dataset {
    /// How many samples of this data set are in `other` too.
    public func overlap(with other: any Dataset) throws -> Int {
        let known = try Set((0..<other.count).map(other.fingerprint))
        return try (0..<count).map(fingerprint).count { known.contains($0) }
    }

    /// The first `limit` samples.
    public func prefix(_ limit: Int) -> any Dataset {
        limit >= count ? self : DatasetSlice(self, indices: Array(0..<limit))
    }

    /// `limit` samples spread evenly over the data set, which may be sorted by class.
    public func spread(_ limit: Int) -> any Dataset {
        limit >= count ? self : DatasetSlice(self, indices: (0..<limit).map { $0 * count / limit })
    }
}
