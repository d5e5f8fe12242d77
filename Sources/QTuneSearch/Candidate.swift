internal import FoundationEssentials
internal import QTuneData
public import QTuneQuantization

/// A variant of the network that a search evaluates: how to build it, and what it is called.
public struct Candidate: Codable, Sendable, Equatable {
    /// How the variant is made from the float network.
    public enum Source: Codable, Sendable, Equatable {
        /// The quantizer with a recipe.
        case recipe(Recipe)
        /// The published tool's quantizer, with the first so many nodes of its ranking left in float.
        case published(exempting: Int)
    }

    /// What sets it apart, in a few words.
    public var label: String
    public var source: Source

    public init(label: String, source: Source) {
        self.label = label
        self.source = source
    }

    /// A key that is the same for equal sources, in every process.
    public func id() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var hash = StableHash()
        hash.update(try encoder.encode(source))
        return hash.text
    }
}

/// A candidate with what was measured of it: one line of a run's journal.
public struct EvaluatedCandidate: Codable, Sendable, Equatable {
    public var id: String
    public var candidate: Candidate
    /// Hash of the file's bytes: two recipes may give the same network.
    public var digest: String
    public var evaluation: Evaluation
    /// Wall time that building and evaluating took.
    public var seconds: Double
}
