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
    @Flag(help: "Show the time of each operator, and how near it comes to what the processor can do.")
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
        let profile: LatencyProfile?
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

    private func profile(_ session: Session, _ feeds: [String: Tensor], runs: Int) throws -> LatencyProfile {
        let profiler = Profiler()
        for _ in 0..<runs { _ = try session.run(feeds, profiler: profiler) }
        return try LatencyProfile(profiler.entries, threads: threads)
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
        if let profile = result.profile { Console.print([""] + profile.lines) }
    }

    private func milliseconds(_ value: Double) -> String { Format.fixed(value, 3) + " ms" }
    private func megabytes(_ bytes: Int) -> String { Format.fixed(Double(bytes) / 1e6, 1) + " MB" }
}
