internal import ArgumentParser
internal import QTune

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Time a network on random inputs.")

    @OptionGroup var model: ModelArgument
    @Option(help: "Threads that work on one inference.")
    var threads = 1
    @Option(help: "Seconds to measure, after warming up.")
    var seconds = 2.0
    @Option(help: "Length of a first axis that the network leaves open.")
    var batch = 1
    @Option(help: "Length of other axes that the network leaves open.")
    var sequence = 64
    @Flag(help: "Show the time of each operator.")
    var profile = false
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        try ThreadsOption.check(threads)
        guard seconds >= 0, batch >= 1, sequence >= 1 else {
            throw ValidationError("--batch and --sequence are at least 1, --seconds is not negative")
        }
    }

    // The names are those of the JSON.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    private struct Result: Encodable {
        let model: String
        let threads: Int
        let median_ms: Double
        let min_ms: Double
        let p90_ms: Double
        let runs: Int
        /// The time from the start of reading the file to the first result.
        let first_result_ms: Double
        let arena_bytes: Int
        let weight_bytes: Int
        /// The most memory that the process ever held.
        let peak_bytes: Int
        let profile: [Line]?
    }

    private struct Line: Encodable {
        let node: String
        let `operator`: String
        let ms: Double
        let share: Double
    }

    func run() throws {
        let start = ContinuousClock.now
        let network = try model.read()
        let feeds = try RandomFeeds.make(for: network, batch: batch, sequence: sequence)
        let session = try model.located {
            let session = try Session(network, options: SessionOptions(threads: threads))
            _ = try session.run(feeds)
            return session
        }
        let first = start.duration(to: .now).inSeconds * 1e3
        let latency = try LatencyMeter.measure(seconds: seconds, [{ _ = try session.run(feeds) }])[0]
        let memory = session.memory
        let result = Result(
            model: model.model, threads: threads, median_ms: latency.median, min_ms: latency.minimum,
            p90_ms: latency.percentile90, runs: latency.runs, first_result_ms: first, arena_bytes: memory.arena,
            weight_bytes: memory.weights, peak_bytes: ProcessMemory.peakBytes,
            profile: profile ? try self.profile(session, feeds, runs: max(5, latency.runs / 4)) : nil)
        if json { return try Console.print(json: result) }
        show(result)
    }

    private func profile(_ session: Session, _ feeds: [String: Tensor], runs: Int) throws -> [Line] {
        let profiler = Profiler()
        for _ in 0..<runs { _ = try session.run(feeds, profiler: profiler) }
        let entries = profiler.entries
        let total = entries.reduce(0.0) { $0 + $1.total.inSeconds }
        return entries.map { entry in
            Line(
                node: entry.node, operator: entry.operatorType, ms: entry.total.inSeconds * 1e3 / Double(runs),
                share: total > 0 ? entry.total.inSeconds / total : 0)
        }
    }

    private func show(_ result: Result) {
        Console.print([
            "median        \(milliseconds(result.median_ms))",
            "fastest       \(milliseconds(result.min_ms))",
            "90 % within   \(milliseconds(result.p90_ms))",
            "runs          \(result.runs), \(result.threads) thread\(result.threads == 1 ? "" : "s")",
            "first result  \(milliseconds(result.first_result_ms)) after opening the file",
            "memory        \(megabytes(result.arena_bytes)) activations, \(megabytes(result.weight_bytes)) weights, "
                + "\(megabytes(result.peak_bytes)) process at most",
        ])
        guard let lines = result.profile else { return }
        var table = TextTable([("ms", .right), ("share", .right), ("operator", .left), ("node", .left)])
        for line in lines.sorted(by: { $0.ms > $1.ms }) {
            table.add([Format.fixed(line.ms, 4), Format.fixed(100 * line.share, 1) + " %", line.operator, line.node])
        }
        Console.print([""] + table.lines)
    }

    private func milliseconds(_ value: Double) -> String { Format.fixed(value, 3) + " ms" }
    private func megabytes(_ bytes: Int) -> String { Format.fixed(Double(bytes) / 1e6, 1) + " MB" }
}
