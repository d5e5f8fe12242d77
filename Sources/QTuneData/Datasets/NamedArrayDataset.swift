public import QTuneTensor

/// Samples in one array for each input of a network, by the inputs' names. The first axis of an array counts samples;
/// the others are those of the input.
public struct NamedArrayDataset: Dataset {
    private let arrays: [String: Tensor]
    public let count: Int
    public let labels: [Int]?
    public let identity: String
    public let place: String?

    /// Throws where the arrays do not hold the same number of samples, or none.
    /// - Parameters:
    ///   - labels: the class of each sample.
    ///   - place: the file of the arrays, as errors name it.
    public init(_ arrays: [String: Tensor], labels: Tensor? = nil, place: String? = nil) throws {
        let names = arrays.keys.sorted()
        guard let first = names.first, let length = arrays[first]?.shape.dimensions.first else {
            throw QTuneError(
                .invalidData, names.isEmpty ? "there are no arrays" : "the array '\(names[0])' has no axis of samples",
                remedy: "store an array for each input of the network, the first axis of which counts samples")
        }
        for name in names {
            guard let array = arrays[name] else { continue }
            try locating("array '\(name)'") { try Self.check(array, holds: length, like: first) }
        }
        self.arrays = arrays
        self.place = place
        count = length
        self.labels = try labels.map { try ArrayFile.labels($0, of: length) }
        var hash = StableHash()
        for name in names {
            guard let array = arrays[name] else { continue }
            hash.update("\(name) \(array.dtype) \(array.shape)\n".utf8)
            hash.update(array)
        }
        for label in self.labels ?? [] { hash.update("\(label)\n".utf8) }
        identity = hash.text
    }

    public func input(at index: Int) throws -> Tensor {
        guard let array = arrays.values.first, arrays.count == 1 else {
            throw QTuneError(
                .invalidArgument,
                "a sample has \(arrays.count) inputs: \(arrays.keys.sorted().joined(separator: ", "))")
        }
        return array.row(index)
    }

    public func namedInputs(at index: Int) throws -> [String: Tensor]? { arrays.mapValues { $0.row(index) } }

    public func fingerprint(at index: Int) throws -> StableHash {
        var hash = StableHash()
        for (name, array) in arrays.sorted(by: { $0.key < $1.key }) {
            hash.update("\(name)\n".utf8)
            hash.update(array.row(index))
        }
        return hash
    }

    private static func check(_ array: Tensor, holds count: Int, like first: String) throws {
        guard array.dtype != .string else { throw QTuneError(.unsupported, "strings cannot be samples") }
        guard let length = array.shape.dimensions.first, length == count else {
            throw QTuneError(
                .invalidData, "its shape is \(array.shape), but '\(first)' holds \(count) samples",
                remedy: "give every array as many samples along the first axis")
        }
        guard length > 0 else { throw QTuneError(.invalidData, "it holds no samples") }
    }
}
