public import ArgumentParser
public import QTune

extension RunConfiguration.Strategy: ExpressibleByArgument {}
extension RunConfiguration.Ranking: ExpressibleByArgument {}

struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune", abstract: "Search for the variants with the best trade between accuracy and size.",
        discussion: """
            Writes a folder: config.json, journal.jsonl, pareto.json, models/*.onnx and report.html. A run that was \
            stopped goes on with --resume and the same options. \(DataOptions.formats)
            """)

    @OptionGroup var model: ModelArgument
    @OptionGroup var data: DataOptions
    @Option(help: "Data to calibrate on: a folder of pictures, or an .npz file. Labels are not needed.")
    var calibration: String
    @Option(help: "Data to evaluate on: a folder with labels, or an .npz file.")
    var evaluation: String
    @Option(help: "More data, which the search does not see: the front is measured on them at the end.")
    var reportData: String?
    @Option(help: "The folder to write.")
    var output: String
    @Flag(help: "Go on with the run that --output holds.")
    var resume = false
    @Option(help: "How the search walks.")
    var strategy = RunConfiguration.Strategy.progressiveExemption
    @Option(help: "Which order of exemptions it follows.")
    var ranking = RunConfiguration.Ranking.sensitivity
    @Option(help: "What losses are of; top1 where the data have labels, else agreement.")
    var metric: LossMetric?
    @Option(
        help: "A recipe with the options to start from; without it the search chooses them on the calibration data.")
    var recipe: String?
    @Option(help: "Calibration samples to use, spread over the data.")
    var calibrationLimit: Int?
    @Option(help: "Evaluation samples to use, spread over the data.")
    var evaluationLimit: Int?
    @Option(help: "Candidates to evaluate at most.")
    var limit = 10_000
    @Option(help: "Only variants that lose at most so many points count as found.")
    var maximumLoss: Double?
    @Option(help: "Variants to name as the best.")
    var top = 3
    @Option(help: "Seed of everything that is random.")
    var seed: UInt64 = 0
    @Option(help: "Threads.")
    var threads = 2
    @Option(help: "Seconds to time each candidate for; 0 for none.")
    var latencySeconds = 0.2
    @Flag(
        help: "Make latency an objective beside size and loss. The front then differs from run to run, as latencies do."
    )
    var latencyObjective = false
    @Flag(help: "Print pareto.json's content.")
    var json = false

    func validate() throws {
        try ThreadsOption.check(threads)
        guard limit >= 1, top >= 1, latencySeconds >= 0 else {
            throw ValidationError("--limit and --top are at least 1, --latency-seconds is not negative")
        }
        if latencyObjective, latencySeconds == 0 {
            throw ValidationError("--latency-objective needs latencies: --latency-seconds above 0")
        }
    }

    func run() throws {
        let network = try model.read()
        let job = TuneJob(
            model: model.model, calibration: calibration, evaluation: evaluation, output: output, resume: resume,
            strategy: strategy, ranking: ranking, metric: metric, limit: limit, seed: seed, threads: threads,
            latencySeconds: latencySeconds, countsLatency: latencyObjective, top: top,
            confirmation: try reportData.map { ($0, try data.dataset($0, for: network)) },
            recipe: try recipe.map { try Recipe(path: $0) })
        let result = try job.run(
            network, bytes: model.fileSize(), preprocessing: data.preprocessing(for: network),
            calibration: data.dataset(calibration, for: network, limit: calibrationLimit),
            evaluation: data.dataset(evaluation, for: network, limit: evaluationLimit), json: json)
        try finish(result)
    }

    private func finish(_ result: RunResult) throws {
        if !result.isComplete {
            Console.note("stopped; go on with the same command and --resume")
            throw ExitCode.interrupted
        }
        guard let maximumLoss else { return }
        guard result.front.contains(where: { $0.evaluation.lossPoints(result.metric) <= maximumLoss }) else {
            Console.note("no variant loses at most \(Format.fixed(maximumLoss, 2)) points")
            throw ExitCode.nothingFits
        }
    }
}
