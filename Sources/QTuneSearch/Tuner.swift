internal import FoundationEssentials
public import QTuneData
public import QTuneGraph
internal import QTuneONNX
internal import QTuneQuantization
internal import QTuneTensor

/// A run: walks candidates, evaluates each once, and keeps what nothing dominates.
public final class Tuner {
    /// What a run tells while it works.
    public enum Event: Sendable {
        case calibrating(done: Int, of: Int)
        case readingSamples(done: Int, of: Int)
        case ranking(done: Int, of: Int)
        /// A candidate was evaluated, or found in the journal.
        case evaluated(EvaluatedCandidate, done: Int, of: Int, isReplayed: Bool)
    }

    public let configuration: RunConfiguration
    public let folder: RunFolder
    private let float: Model
    private let floatBytes: Int
    private let calibration: any Dataset
    private let evaluation: any Dataset
    private let confirmation: (any Dataset)?
    private let journal: Journal
    private let report: @Sendable (Event) -> Void
    private let shouldStop: @Sendable () -> Bool

    /// Opens the run's folder.
    /// - Parameters:
    ///   - float: the network of `configuration.model`, whose file has `floatBytes` bytes.
    ///   - confirmation: data that the search does not see; the front is measured on it at the end.
    ///   - shouldStop: asked between candidates; a run that stops can be resumed.
    public init(
        _ configuration: RunConfiguration, folder: RunFolder, resuming: Bool, float: Model, floatBytes: Int,
        calibration: any Dataset, evaluation: any Dataset, confirmation: (any Dataset)? = nil,
        report: @escaping @Sendable (Event) -> Void = { _ in },
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws {
        try folder.prepare(for: configuration, resuming: resuming)
        self.configuration = configuration
        self.folder = folder
        self.float = float
        self.floatBytes = floatBytes
        self.calibration = calibration
        self.evaluation = evaluation
        self.confirmation = confirmation
        self.report = report
        self.shouldStop = shouldStop
        journal = try Journal(path: folder.journalPath)
    }

    /// Works until every candidate is evaluated or `shouldStop` says so.
    /// - Returns: the run as far as it came.
    public func run() throws -> RunResult {
        let builder = try CandidateBuilder(
            float, statistics: statistics(), source: DatasetFeeds(calibration, for: float), configuration: configuration
        )
        let evaluator = try Evaluator(
            float: float, dataset: evaluation, metric: configuration.metric, threads: configuration.threads,
            latencySeconds: configuration.latencySeconds
        ) { [report] in report(.readingSamples(done: $0, of: $1)) }
        let floatEvaluation = try journaledFloat(evaluator)
        let ranking = try journaledRanking(builder)
        var result = RunResult(
            float: floatEvaluation, ranking: ranking, metric: configuration.metric,
            countsLatency: configuration.countsLatency)
        let candidates = ProgressiveExemption(ranking).candidates.prefix(configuration.limit)
        for (index, candidate) in candidates.enumerated() {
            if shouldStop() {
                try save(result, builder: builder)
                return result
            }
            let (evaluated, isReplayed) = try journaled(
                candidate, builder: builder, evaluator: evaluator, result: result)
            if let evaluated {
                result.candidates.append(evaluated)
                report(.evaluated(evaluated, done: index + 1, of: candidates.count, isReplayed: isReplayed))
            }
            if !isReplayed { try save(result, builder: builder) }
        }
        result.isComplete = true
        try save(result, builder: builder)
        try conclude(&result, builder: builder, evaluator: evaluator)
        return result
    }

    /// Measures the front once more: latencies side by side, and losses on data that the search did not see.
    private func conclude(_ result: inout RunResult, builder: CandidateBuilder, evaluator: Evaluator) throws {
        let keys = [RunResult.floatKey] + result.front.map(\.id)
        let models = try [float] + result.front.map { try builder.build($0.candidate) }
        for entry in journal.entries {
            switch entry {
            case .latencies(let known): result.latencies = known
            case .confirmation(confirmation?.identity, let known): result.confirmation = known
            default: break
            }
        }
        if !journal.entries.contains(.complete) { try journal.append(.complete) }
        if configuration.latencySeconds > 0, Set(result.latencies.keys) != Set(keys) {
            let measured = try evaluator.latencies(of: models)
            result.latencies = Dictionary(zip(keys, measured)) { first, _ in first }
            try journal.append(.latencies(result.latencies))
        }
        if let confirmation, Set(result.confirmation.keys) != Set(keys) {
            let judge = try Evaluator(
                float: float, dataset: confirmation, metric: configuration.metric, threads: configuration.threads,
                latencySeconds: 0)
            let sizes = [floatBytes] + result.front.map(\.evaluation.sizeBytes)
            let measured = try zip(models, sizes).map { try judge.evaluate($0, sizeBytes: $1) }
            result.confirmation = Dictionary(zip(keys, measured)) { first, _ in first }
            try journal.append(.confirmation(data: confirmation.identity, result.confirmation))
        }
        try folder.write(ParetoFile(result, folder: folder), to: folder.paretoPath)
    }

    /// Writes `pareto.json` and the networks of the front.
    private func save(_ result: RunResult, builder: CandidateBuilder) throws {
        let front = result.front
        for candidate in front {
            let path = folder.modelsPath + "/" + candidate.fileName
            guard !FileManager.default.fileExists(atPath: path) else { continue }
            try ModelWriter.write(builder.build(candidate.candidate), to: path)
        }
        try folder.write(ParetoFile(result, folder: folder), to: folder.paretoPath)
        let kept = Set(front.map(\.fileName))
        try folder.removeModels(Set(result.candidates.map(\.fileName)).subtracting(kept))
    }
}

extension Tuner {
    private func statistics() throws -> Statistics {
        if let statistics = try folder.statistics() { return statistics }
        let source = try DatasetFeeds(calibration, for: float)
        let prepared = try Preparation.prepare(float).model
        let statistics = try Calibrator.gather(prepared, source: source, threads: configuration.threads) { [report] in
            report(.calibrating(done: $0, of: source.count))
        }
        try folder.write(statistics)
        return statistics
    }

    private func journaledFloat(_ evaluator: Evaluator) throws -> Evaluation {
        for case .float(let evaluation) in journal.entries { return evaluation }
        let evaluation = try evaluator.evaluateFloat(sizeBytes: floatBytes)
        try journal.append(.float(evaluation))
        return evaluation
    }

    private func journaledRanking(_ builder: CandidateBuilder) throws -> ExemptionRanking {
        for case .ranking(let ranking) in journal.entries { return ranking }
        let ranking = try builder.rank { [report] in report(.ranking(done: $0, of: $1)) }
        try journal.append(.ranking(ranking))
        return ranking
    }

    /// The candidate's line in the journal, or a new one; nil for a network that the run has evaluated already.
    private func journaled(
        _ candidate: Candidate, builder: CandidateBuilder, evaluator: Evaluator, result: RunResult
    ) throws -> (EvaluatedCandidate?, isReplayed: Bool) {
        let id = try candidate.id()
        for case .candidate(let evaluated) in journal.entries where evaluated.id == id { return (evaluated, true) }
        let start = ContinuousClock.now
        let model = try builder.build(candidate)
        let bytes = try ModelWriter.encode(model)
        var hash = StableHash()
        hash.update(bytes)
        guard !result.candidates.contains(where: { $0.digest == hash.text }) else { return (nil, false) }
        let evaluation = try evaluator.evaluate(model, sizeBytes: bytes.count)
        let evaluated = EvaluatedCandidate(
            id: id, candidate: candidate, digest: hash.text, evaluation: evaluation,
            seconds: start.duration(to: .now).seconds)
        try journal.append(.candidate(evaluated))
        return (evaluated, false)
    }
}
