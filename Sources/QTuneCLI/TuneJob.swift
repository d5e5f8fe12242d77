internal import QTune

/// One run of the search with what is told of it on the terminal. `tune` and `demo` share it.
struct TuneJob {
    let model: String
    let calibration: String
    let evaluation: String
    let output: String
    let resume: Bool
    let strategy: RunConfiguration.Strategy
    let ranking: RunConfiguration.Ranking
    let metric: LossMetric?
    let limit: Int
    let seed: UInt64
    let threads: Int
    let latencySeconds: Double
    var countsLatency = false
    let top: Int
    /// Data that the search does not see.
    var confirmation: (path: String, data: any Dataset)?
    /// nil lets the search choose.
    let recipe: Recipe?

    /// Runs the search, writes the report and prints the front.
    func run(
        _ network: Model, bytes: Int, preprocessing: Preprocessing, calibration calibrationData: any Dataset,
        evaluation evaluationData: any Dataset, json: Bool
    ) throws -> RunResult {
        let overlap = try evaluationData.overlap(with: calibrationData)
        if overlap > 0 {
            Console.note(
                "warning: \(overlap) of \(evaluationData.count) evaluation samples are calibration samples too: losses will look too small"
            )
        }
        let configuration = RunConfiguration(
            model: model, modelDigest: try StableHash.ofFile(model), calibration: calibration,
            calibrationIdentity: calibrationData.identity, calibrationSamples: calibrationData.count,
            evaluation: evaluation, evaluationIdentity: evaluationData.identity,
            evaluationSamples: evaluationData.count,
            overlap: overlap, confirmation: confirmation?.path, preprocessing: preprocessing, strategy: strategy,
            ranking: ranking,
            metric: metric ?? (evaluationData.labels == nil ? .agreement : .top1), recipe: recipe ?? Recipe(),
            choosesOptions: recipe == nil, limit: limit, seed: seed, threads: threads,
            latencySeconds: latencySeconds, countsLatency: countsLatency)
        let folder = RunFolder(path: output)
        let progress = Progress()
        Interrupt.watch()
        let tuner = try Tuner(
            configuration, folder: folder, resuming: resume, float: network, floatBytes: bytes,
            calibration: calibrationData, evaluation: evaluationData, confirmation: confirmation?.data,
            report: { Self.tell($0, metric: configuration.metric, on: progress) }, shouldStop: { Interrupt.isRequested }
        )
        let result = try tuner.run()
        progress.clear()
        let report = try RunReport.make(folder, top: top)
        try RunReport.write(report, to: folder)
        if json {
            try Console.print(json: ParetoFile(result, folder: folder))
        } else {
            FrontTable.show(report)
        }
        Console.note("report: \(folder.reportPath)")
        return result
    }

    private static func tell(_ event: Tuner.Event, metric: LossMetric, on progress: Progress) {
        switch event {
        case .calibrating(let done, let total): progress.update("calibrating", done: done, of: total)
        case .readingSamples(let done, let total): progress.update("reading samples", done: done, of: total)
        case .ranking(let done, let total): progress.update("measuring layers", done: done, of: total)
        case .evaluated(let candidate, let done, let total, let isReplayed):
            guard !isReplayed else { return }
            let evaluation = candidate.evaluation
            let line =
                "\(done)/\(total)  \(candidate.candidate.label): \(evaluation.sizeBytes) bytes, "
                + "\(metric.rawValue) loss \(Format.fixed(evaluation.lossPoints(metric), 2))"
            if Console.isInteractive {
                progress.update("candidates", done: done, of: total, detail: line)
            } else {
                Console.note(line)
            }
        }
    }
}

extension StableHash {
    /// The hash of a file's bytes.
    fileprivate static func ofFile(_ path: String) throws -> String {
        var hash = StableHash()
        hash.update(try FileBytes.read(path))
        return hash.text
    }
}
