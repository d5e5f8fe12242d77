/// What one pass of the optimizer did to a model.
public struct PassReport: Sendable, Hashable, Codable {
    /// A node that a pass looked at and left as it was.
    public struct Refusal: Sendable, Hashable, Codable {
        public let node: String
        public let reason: String
    }

    public let name: String
    /// What the pass does and why it stands where it stands.
    public let purpose: String
    /// The nodes that were rewritten.
    public internal(set) var matches: [String] = []
    /// The nodes that nearly were, and why not.
    public internal(set) var refusals: [Refusal] = []
}
