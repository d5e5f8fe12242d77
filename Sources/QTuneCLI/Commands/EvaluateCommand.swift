public import ArgumentParser
public import QTune

extension LossMetric: ExpressibleByArgument {}

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measure a network's accuracy on labelled data.",
        discussion: "With --float, agreement and losses are against that network, sample by sample. "
            + DataOptions.formats)

    @OptionGroup var model: ModelArgument
    @OptionGroup var options: DataOptions
    @Option(help: "A folder of pictures, or an .npz file.")
    var data: String
    @Option(help: "The float network to compare with.")
    var float: String?
    @Option(help: "Samples to use, spread over the data; all unless given.")
    var limit: Int?
    @Option(help: "Samples to evaluate at the same time, and threads of a timed inference.")
    var threads = 2
    @Option(help: "Seconds to time inferences for; 0 for none.")
    var latencySeconds = 0.0
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        try ThreadsOption.check(threads)
        guard latencySeconds >= 0 else { throw ValidationError("--latency-seconds is not negative") }
    }

    // The names are those of the JSON.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    private struct Result: Encodable {
        let model: String
        let float: String?
        let samples: Int
        let size_bytes: Int
        let top1: Double?
        let top5: Double?
        let agreement: Double?
        let dissimilarity: Double?
        let loss_points: Double?
        let loss_interval_points: [Double]?
        let mcnemar_p: Double?
        let median_ms: Double?
    }

    func run() throws {
        let network = try model.read()
        let reference = try float.map { try ModelReader.read(path: $0) } ?? network
        let dataset = try options.dataset(data, for: network, limit: limit)
        let progress = Progress()
        let evaluator = try Evaluator(
            float: reference, dataset: dataset, metric: dataset.labels == nil ? .agreement : .top1, threads: threads,
            latencySeconds: latencySeconds
        ) { progress.update("reading samples", done: $0, of: $1) }
        let size = try model.fileSize()
        let evaluation = try model.located {
            float == nil
                ? try evaluator.evaluateFloat(sizeBytes: size) : try evaluator.evaluate(network, sizeBytes: size)
        }
        progress.clear()
        let interval = evaluation.lossInterval
        let result = Result(
            model: model.model, float: float, samples: evaluation.metrics.samples, size_bytes: size,
            top1: evaluation.metrics.top1, top5: evaluation.metrics.top5,
            agreement: float == nil ? nil : evaluation.metrics.agreement,
            dissimilarity: float == nil ? nil : evaluation.metrics.dissimilarity,
            loss_points: float == nil ? nil : evaluation.lossPoints(evaluator.metric),
            loss_interval_points: float == nil ? nil : [100 * interval.lowerBound, 100 * interval.upperBound],
            mcnemar_p: float == nil ? nil : evaluation.comparison.mcNemar, median_ms: evaluation.latency?.median)
        if json { return try Console.print(json: result) }
        show(result)
    }

    private func show(_ result: Result) {
        var lines = ["samples        \(result.samples)", "size           \(result.size_bytes) bytes"]
        if result.top1 != nil {
            lines += ["top-1          \(Format.percent(result.top1))", "top-5          \(Format.percent(result.top5))"]
        }
        if let loss = result.loss_points, let interval = result.loss_interval_points, let p = result.mcnemar_p {
            lines += [
                "agreement      \(Format.percent(result.agreement))",
                "dissimilarity  \(Format.fixed(result.dissimilarity ?? 0, 2)) (0 same, 50 unrelated)",
                "loss           \(Format.fixed(loss, 2)) points, 95 % interval \(Format.fixed(interval[0], 2)) to "
                    + "\(Format.fixed(interval[1], 2)); McNemar p = \(Format.fixed(p, 4))",
            ]
        }
        if let median = result.median_ms { lines.append("median         \(Format.fixed(median, 3)) ms") }
        Console.print(lines)
    }
}
