/// How a session runs.
public struct SessionOptions: Sendable {
    /// Threads that work on one run, at least 1.
    public var threads: Int
    /// Whether the optimizer rewrites the graph first. Results may differ within float rounding.
    public var optimizes: Bool
    /// Values to give out besides the graph's outputs, by name: inner tensors for calibration and analysis. The
    /// optimizer leaves each of them observable.
    public var taps: [String]
    /// Inner values that the caller gives instead of having them computed. What only serves to make them is not run,
    /// so a run can start in the middle of a network.
    public var entries: [String]
    /// Lengths for symbolic dimensions of the inputs, by the dimension's name.
    public var fixedDimensions: [String: Int]

    public init(
        threads: Int = 1, optimizes: Bool = true, taps: [String] = [], entries: [String] = [],
        fixedDimensions: [String: Int] = [:]
    ) {
        self.threads = threads
        self.optimizes = optimizes
        self.taps = taps
        self.entries = entries
        self.fixedDimensions = fixedDimensions
    }
}

/// Memory that a session holds, in bytes.
public struct SessionMemory: Sendable, Hashable {
    /// The largest arena among the plans at hand: inner values of one run. 0 before the first run.
    public var arena: Int
    /// What the inner values would take if none of them shared memory.
    public var unshared: Int
    /// Constants as the graph holds them, each storage counted once.
    public var weights: Int
}
