internal import QTuneData
internal import QTuneGraph
internal import QTuneQuantization
internal import QTuneTensor

/// Makes the networks of candidates, and the ranking that a search follows. The float network is prepared and its
/// activations are calibrated once.
struct CandidateBuilder {
    private let quantizer: Quantizer
    private let published: PublishedPath?
    private let source: any CalibrationSource
    private let configuration: RunConfiguration

    /// - Parameters:
    ///   - source: calibration data.
    init(
        _ float: Model, statistics: @autoclosure () throws -> Statistics, source: any CalibrationSource,
        configuration: RunConfiguration
    ) throws {
        self.source = source
        self.configuration = configuration
        switch configuration.ranking {
        case .published:
            published = try PublishedPath(float, source: source, threads: configuration.threads)
            quantizer = Quantizer(try Preparation.prepare(float).model, statistics: Statistics())
        case .sensitivity:
            published = nil
            quantizer = Quantizer(try Preparation.prepare(float).model, statistics: try statistics())
        }
    }

    /// The candidate's network.
    func build(_ candidate: Candidate) throws -> Model {
        switch candidate.source {
        case .recipe(let recipe): return try Compaction.compact(quantizer.quantize(recipe).model)
        case .published(let count):
            guard let published, count <= published.steps.count else {
                throw QTuneError(.invalidData, "the run has no published path of \(count) steps")
            }
            return try published.candidate(exempting: count)
        }
    }

    /// The order of steps.
    /// - Parameter progress: told how many measurements of how many are done.
    func rank(progress: @escaping @Sendable (Int, Int) -> Void) throws -> ExemptionRanking {
        if let published {
            return ExemptionRanking(
                steps: published.steps.map { ExemptionRanking.Step(name: $0, change: .float32) },
                scores: published.ranking.map {
                    ExemptionRanking.Score(
                        name: $0.tensor, qdqDecibels: $0.qdqDecibels, xmodelDecibels: $0.xmodelDecibels)
                })
        }
        let threads = configuration.threads
        let recipe =
            configuration.choosesOptions
            ? try GlobalOptions(quantizer, source: source, seed: configuration.seed, threads: threads).best(
                of: configuration.recipe)
            : configuration.recipe
        return try SensitivityRanking(
            quantizer, source: source, seed: configuration.seed, threads: threads, progress: progress
        ).rank(recipe)
    }
}
