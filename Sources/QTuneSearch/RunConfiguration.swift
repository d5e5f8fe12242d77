internal import FoundationEssentials
public import QTuneData
public import QTuneQuantization
internal import QTuneTensor

/// Everything that decides what a run finds. Written to `config.json`; a run is resumed only with the same.
public struct RunConfiguration: Codable, Sendable, Equatable {
    /// Which order of exemptions the search follows.
    public enum Ranking: String, Codable, Sendable, CaseIterable {
        /// What each group changes at the network's output, for each byte that float weights cost.
        case sensitivity
        /// The published tool's, with its quantizer: signal-to-noise ratios of tensors, the highest first.
        case published
    }

    /// How the search walks.
    public enum Strategy: String, Codable, Sendable, CaseIterable {
        /// From full int8, one more group in float at each step.
        case progressiveExemption = "progressive-exemption"
    }

    public static let currentSchema = 1

    public var schema = Self.currentSchema
    /// The float network's file, and a hash of its bytes.
    public var model: String
    public var modelDigest: String
    public var calibration: String
    public var calibrationIdentity: String
    public var calibrationSamples: Int
    public var evaluation: String
    public var evaluationIdentity: String
    public var evaluationSamples: Int
    /// Evaluation samples that are calibration samples too.
    public var overlap: Int
    /// Data that the search does not see, on which the front is measured at the end.
    public var confirmation: String?
    public var preprocessing: Preprocessing
    public var strategy: Strategy
    public var ranking: Ranking
    public var metric: LossMetric
    /// Recipe options that the search starts from.
    public var recipe: Recipe
    /// Whether the search chooses the calibration method and bias correction itself instead of taking the recipe's.
    public var choosesOptions: Bool
    /// Candidates to evaluate at most.
    public var limit: Int
    public var seed: UInt64
    /// Threads that work at the same time. Has no influence on what is found, but on latencies.
    public var threads: Int
    /// Time for each candidate's latency in seconds; 0 measures none.
    public var latencySeconds: Double
    /// Whether latency is an objective beside size and loss. Fronts then differ from run to run as latencies do.
    public var countsLatency: Bool

    public init(
        model: String, modelDigest: String, calibration: String, calibrationIdentity: String, calibrationSamples: Int,
        evaluation: String, evaluationIdentity: String, evaluationSamples: Int, overlap: Int = 0,
        confirmation: String? = nil, preprocessing: Preprocessing,
        strategy: Strategy, ranking: Ranking, metric: LossMetric, recipe: Recipe, choosesOptions: Bool = true,
        limit: Int,
        seed: UInt64, threads: Int, latencySeconds: Double, countsLatency: Bool = false
    ) {
        self.model = model
        self.modelDigest = modelDigest
        self.calibration = calibration
        self.calibrationIdentity = calibrationIdentity
        self.calibrationSamples = calibrationSamples
        self.evaluation = evaluation
        self.evaluationIdentity = evaluationIdentity
        self.evaluationSamples = evaluationSamples
        self.overlap = overlap
        self.confirmation = confirmation
        self.preprocessing = preprocessing
        self.strategy = strategy
        self.ranking = ranking
        self.metric = metric
        self.recipe = recipe
        self.choosesOptions = choosesOptions
        self.limit = limit
        self.seed = seed
        self.threads = threads
        self.latencySeconds = latencySeconds
        self.countsLatency = countsLatency
    }

    /// Throws where a run with this configuration cannot go on from what `earlier` recorded.
    func checkResumes(_ earlier: RunConfiguration) throws {
        func differs<Value: Equatable>(_ path: KeyPath<RunConfiguration, Value>) -> Bool {
            self[keyPath: path] != earlier[keyPath: path]
        }
        let changed: [(String, Bool)] = [
            ("schema", differs(\.schema)), ("model", differs(\.modelDigest)),
            ("calibration data", differs(\.calibrationIdentity)), ("evaluation data", differs(\.evaluationIdentity)),
            ("preprocessing", differs(\.preprocessing)), ("strategy", differs(\.strategy)),
            ("ranking", differs(\.ranking)),
            ("metric", differs(\.metric)), ("recipe", differs(\.recipe)),
            ("choice of options", differs(\.choosesOptions)),
            ("choice of objectives", differs(\.countsLatency)), ("seed", differs(\.seed)),
        ]
        let names = changed.filter(\.1).map(\.0)
        guard names.isEmpty else {
            throw QTuneError(
                .invalidArgument, "the run was started with another \(names.joined(separator: ", "))",
                remedy: "resume with the same, or start a new run in another folder")
        }
    }
}
