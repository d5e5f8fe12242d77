internal import QTuneData

/// What a run has found so far.
public struct RunResult: Sendable {
    public let float: Evaluation
    public let ranking: ExemptionRanking
    public let metric: LossMetric
    /// Whether latency is an objective beside size and loss.
    public let countsLatency: Bool
    public internal(set) var candidates: [EvaluatedCandidate] = []
    /// By candidate, the float network under `floatKey`: timed in turn once the search was over; empty before.
    public internal(set) var latencies: [String: Latency] = [:]
    /// By candidate, the float network under `floatKey`: measured on data that the search did not see; empty without.
    public internal(set) var confirmation: [String: Evaluation] = [:]
    /// Stands for the float network beside the candidates' keys.
    public static let floatKey = "float"
    /// Whether every candidate was evaluated.
    public internal(set) var isComplete = false

    init(float: Evaluation, ranking: ExemptionRanking, metric: LossMetric, countsLatency: Bool = false) {
        self.float = float
        self.ranking = ranking
        self.metric = metric
        self.countsLatency = countsLatency
    }

    /// What a journal records; nil while it lacks the float network or the ranking.
    public init?(_ entries: [Journal.Entry], metric: LossMetric, countsLatency: Bool = false) {
        var float: Evaluation?
        var isComplete = false
        var ranking: ExemptionRanking?
        var candidates: [EvaluatedCandidate] = []
        for entry in entries {
            switch entry {
            case .float(let evaluation): float = evaluation
            case .ranking(let order): ranking = order
            case .candidate(let candidate): candidates.append(candidate)
            case .complete: isComplete = true
            case .latencies, .confirmation: break
            }
        }
        guard let float, let ranking else { return nil }
        self.init(float: float, ranking: ranking, metric: metric, countsLatency: countsLatency)
        self.candidates = candidates
        self.isComplete = isComplete
        for case .latencies(let measured) in entries { latencies = measured }
        for case .confirmation(_, let measured) in entries { confirmation = measured }
    }

    /// The candidates that no other one and not the float network dominates in the objectives, by size.
    public var front: [EvaluatedCandidate] {
        let points = [floatPoint] + candidates.map(point)
        return ParetoFront.indices(of: points).filter { $0 > 0 }.map { candidates[$0 - 1] }
            .sorted { ($0.evaluation.sizeBytes, $0.id) < ($1.evaluation.sizeBytes, $1.id) }
    }

    /// Whether no candidate dominates the float network.
    public var isFloatOnFront: Bool {
        !candidates.contains { ParetoFront.dominates(point($0), floatPoint) }
    }

    /// The smallest loss, in points, that the run's samples can show (see `PairedComparison.smallestVisibleLoss`), at
    /// the candidates' median discordance. Dissimilarities are means: theirs follows from their standard error.
    public var smallestVisibleLoss: Double {
        guard !candidates.isEmpty else { return 0 }
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        if metric == .dissimilarity { return 2.8 * median(candidates.map(\.evaluation.metrics.dissimilarityError)) }
        return 100
            * PairedComparison.smallestVisibleLoss(
                samples: float.metrics.samples, discordance: median(candidates.map(\.evaluation.comparison.discordance))
            )
    }

    /// The `count` members of the front closest to the ideal point, closest first. Each objective is scaled over the
    /// front and the float network; losses that the samples cannot tell apart count as close.
    public func best(_ count: Int) -> [EvaluatedCandidate] {
        let front = self.front
        let distances = ParetoFront.distancesToIdeal(
            [floatPoint] + front.map(point), leastRanges: [0, smallestVisibleLoss] + (countsLatency ? [0] : [])
        ).dropFirst()
        return zip(front, distances).sorted { ($0.1, $0.0.id) < ($1.1, $1.0.id) }.prefix(count).map(\.0)
    }

    /// The front's hypervolume in the fixed box of `Hypervolume`. Higher is better.
    public var hypervolume: Double {
        let size = Double(max(1, float.sizeBytes))
        return Hypervolume.area(
            [(size: 1, loss: 0)]
                + candidates.map {
                    (size: Double($0.evaluation.sizeBytes) / size, loss: $0.evaluation.lossPoints(metric))
                })
    }

    private var floatPoint: [Double] { [Double(float.sizeBytes), 0] + (countsLatency ? [1] : []) }

    /// File size, loss and, where it counts, latency as a share of the float network's at the same moment.
    private func point(_ candidate: EvaluatedCandidate) -> [Double] {
        let evaluation = candidate.evaluation
        let sizeAndLoss = [Double(evaluation.sizeBytes), evaluation.lossPoints(metric)]
        guard countsLatency else { return sizeAndLoss }
        guard let latency = evaluation.latency, let float = evaluation.floatLatency else { return sizeAndLoss + [.nan] }
        return sizeAndLoss + [latency.median / max(float.median, .leastNormalMagnitude)]
    }
}

extension EvaluatedCandidate {
    /// The name of its file in the run's folder.
    public var fileName: String { "\(id).onnx" }
}

/// The content of `pareto.json`.
public struct ParetoFile: Codable, Sendable {
    public struct Member: Codable, Sendable {
        public var id: String
        public var label: String
        /// 1 for the closest to the ideal point; nil for those not among the best three.
        public var rank: Int?
        /// Relative to the run's folder.
        public var file: String
        public var sizeBytes: Int
        /// Share of the float file's size.
        public var sizeRatio: Double
        /// Points of the run's metric lost against the float network.
        public var loss: Double
        public var evaluation: Evaluation
        /// Timed in turn with the rest of the front once the search was over.
        public var latency: Latency?
        /// On data that the search did not see.
        public var confirmation: Evaluation?
    }

    public var metric: LossMetric
    public var float: Evaluation
    public var evaluated: Int
    public var isComplete: Bool
    public var hypervolume: Double
    /// By size, the smallest first.
    public var front: [Member]

    public init(_ result: RunResult, folder: RunFolder) {
        let best = result.best(3).map(\.id)
        metric = result.metric
        float = result.float
        evaluated = result.candidates.count
        isComplete = result.isComplete
        hypervolume = result.hypervolume
        front = result.front.map { candidate in
            Member(
                id: candidate.id, label: candidate.candidate.label,
                rank: best.firstIndex(of: candidate.id).map { $0 + 1 },
                file: "models/" + candidate.fileName, sizeBytes: candidate.evaluation.sizeBytes,
                sizeRatio: Double(candidate.evaluation.sizeBytes) / Double(max(1, result.float.sizeBytes)),
                loss: candidate.evaluation.lossPoints(result.metric), evaluation: candidate.evaluation,
                latency: result.latencies[candidate.id], confirmation: result.confirmation[candidate.id])
        }
    }
}
