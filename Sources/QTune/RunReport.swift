internal import FoundationEssentials
public import QTuneReport
public import QTuneSearch
internal import QTuneTensor

/// The report of a run, made from what the run's folder records.
public enum RunReport {
    /// - Parameter top: variants to rank by their distance to the ideal point.
    public static func make(_ folder: RunFolder, top: Int = 3) throws -> Report {
        guard folder.holdsRun else {
            throw QTuneError(
                .invalidArgument, "the folder holds no run", place: ["folder '\(folder.path)'"],
                remedy: "give the folder that qtune tune wrote")
        }
        let configuration = try folder.configuration()
        let entries = try Journal.entries(path: folder.journalPath)
        guard
            let result = RunResult(
                entries, metric: configuration.metric, countsLatency: configuration.countsLatency)
        else {
            throw QTuneError(
                .invalidData, "the run has not measured the float network yet", place: ["folder '\(folder.path)'"],
                remedy: "go on with qtune tune --resume")
        }
        return Report(
            title: "\(URL(fileURLWithPath: configuration.model).lastPathComponent): quantized variants",
            metric: configuration.metric.rawValue, samples: configuration.evaluationSamples,
            smallestVisibleLoss: result.candidates.isEmpty ? nil : result.smallestVisibleLoss,
            facts: facts(configuration, result), float: floatCandidate(result),
            candidates: candidates(result, top: top),
            layers: layers(result.ranking), hypervolume: result.hypervolume)
    }

    /// Writes `report.html` into the run's folder.
    public static func write(_ report: Report, to folder: RunFolder) throws {
        try folder.write(Data(HTMLReport.render(report).utf8), to: folder.reportPath)
    }

    private static func facts(_ configuration: RunConfiguration, _ result: RunResult) -> [Report.Fact] {
        let preprocessing = configuration.preprocessing
        return [
            .init("model", configuration.model),
            .init("calibration data", "\(configuration.calibration), \(configuration.calibrationSamples) samples"),
            .init(
                "evaluation data",
                "\(configuration.evaluation), \(configuration.evaluationSamples) samples, the same for every variant"),
            .init(
                "preprocessing",
                "\(preprocessing.resize.map { "\($0), " } ?? "")crop \(preprocessing.crop.map(String.init) ?? "none"), "
                    + "mean \(preprocessing.mean), std \(preprocessing.std), \(preprocessing.channelOrder.rawValue), "
                    + preprocessing.layout.rawValue),
            .init("strategy", "\(configuration.strategy.rawValue), ranking \(configuration.ranking.rawValue)"),
            .init("seed", String(configuration.seed)),
            .init("threads", String(configuration.threads)),
            .init("hypervolume", "\(result.hypervolume) of the box size 0.2...1, loss 0...10 points"),
            .init(
                "samples in both", "\(configuration.overlap) of the evaluation samples are calibration samples too"),
            .init(
                "selection",
                result.confirmation.isEmpty
                    ? "the front was chosen on the evaluation data: losses of its members are slightly optimistic"
                    : "the front was chosen on the evaluation data and measured again on "
                        + "\(result.confirmation[RunResult.floatKey]?.metrics.samples ?? 0) samples of \(configuration.confirmation ?? "")"
            ),
            .init(
                "latencies",
                (result.latencies.isEmpty
                    ? "of each candidate while the search ran" : "of the front, timed in turn at the end")
                    + ": medians of one inference, \(configuration.threads) threads"),
        ]
    }

    private static func floatCandidate(_ result: RunResult) -> Report.Candidate {
        candidate(
            id: RunResult.floatKey, label: "float", evaluation: result.float, result, isOnFront: result.isFloatOnFront,
            rank: nil, file: nil)
    }

    private static func candidates(_ result: RunResult, top: Int) -> [Report.Candidate] {
        let front = Set(result.front.map(\.id))
        let best = result.best(top).map(\.id)
        return result.candidates.map { evaluated in
            candidate(
                id: evaluated.id, label: evaluated.candidate.label, evaluation: evaluated.evaluation, result,
                isOnFront: front.contains(evaluated.id), rank: best.firstIndex(of: evaluated.id).map { $0 + 1 },
                file: front.contains(evaluated.id) ? "models/\(evaluated.fileName)" : nil)
        }
    }

    private static func candidate(
        id: String, label: String, evaluation: Evaluation, _ result: RunResult, isOnFront: Bool, rank: Int?,
        file: String?
    ) -> Report.Candidate {
        var metrics = ["agreement": evaluation.metrics.agreement, "dissimilarity": evaluation.metrics.dissimilarity]
        metrics["top1"] = evaluation.metrics.top1
        metrics["top5"] = evaluation.metrics.top5
        let metric = result.metric
        var candidate = Report.Candidate(
            id: id, label: label, sizeBytes: evaluation.sizeBytes, loss: evaluation.lossPoints(metric),
            lossInterval: evaluation.lossIntervalPoints(metric), metrics: metrics,
            latencyMilliseconds: (result.latencies[id] ?? evaluation.latency)?.median, isOnFront: isOnFront, rank: rank,
            file: file)
        candidate.confirmedLoss = result.confirmation[id]?.lossPoints(metric)
        candidate.confirmedInterval = result.confirmation[id]?.lossIntervalPoints(metric)
        return candidate
    }

    private static func layers(_ ranking: ExemptionRanking) -> [Report.Layer] {
        ranking.scores.map { score in
            Report.Layer(
                name: score.name, qdqDecibels: score.qdqDecibels.flatMap { $0.isFinite ? $0 : nil },
                xmodelDecibels: score.xmodelDecibels.flatMap { $0.isFinite ? $0 : nil },
                quantizeOnly: score.quantizeOnly,
                restoreOnly: score.restoreOnly)
        }
    }
}
