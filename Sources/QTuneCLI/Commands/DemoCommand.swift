internal import ArgumentParser
internal import FoundationEssentials
internal import QTune

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Tune the bundled example and print its Pareto front.",
        discussion: "Runs from a checkout of the project, or with --example from anywhere.")

    @Option(help: "The folder of the bundled example.")
    var example = "Examples/demo"
    @Option(help: "The folder to write; made anew.")
    var output = ".build/demo"
    @OptionGroup var threads: ThreadsOption

    /// What `demo.json` says of the example.
    private struct Description: Decodable {
        let model: String
        let calibration: String
        let evaluation: String
        let mean: [Float]
        let std: [Float]
    }

    func run() throws {
        let description = try read()
        let model = "\(example)/\(description.model)"
        let calibration = "\(example)/\(description.calibration)"
        let evaluation = "\(example)/\(description.evaluation)"
        let network = try ModelReader.read(path: model)
        let preprocessing = try Preprocessing(mean: description.mean, std: description.std)
        try clearOutput()
        let command =
            "qtune tune \(model) --calibration \(calibration) --evaluation \(evaluation) "
            + "--mean \(Self.text(description.mean)) --std \(Self.text(description.std)) --output \(output)"
        Console.note(command)
        let job = TuneJob(
            model: model, calibration: calibration, evaluation: evaluation, output: output, resume: false,
            strategy: .progressiveExemption, ranking: .sensitivity, metric: nil, limit: 10_000, seed: 0,
            threads: threads.threads,
            latencySeconds: 0.1, top: 3, recipe: nil)
        let result = try job.run(
            network, bytes: FileBytes.read(model).count, preprocessing: preprocessing,
            calibration: ImageFolder(path: calibration, preprocessing: preprocessing),
            evaluation: ImageFolder(path: evaluation, preprocessing: preprocessing), json: false)
        if !result.isComplete { throw ExitCode.interrupted }
    }

    /// Takes away what an earlier demo left, and nothing else.
    private func clearOutput() throws {
        guard FileManager.default.fileExists(atPath: output) else { return }
        guard RunFolder(path: output).holdsRun else {
            throw QTuneError(
                .invalidArgument, "the folder exists and holds no run", place: ["folder '\(output)'"],
                remedy: "give another --output")
        }
        try FileManager.default.removeItem(atPath: output)
    }

    private func read() throws -> Description {
        let path = "\(example)/demo.json"
        guard FileManager.default.fileExists(atPath: path) else {
            throw QTuneError(
                .invalidArgument, "the bundled example is not in '\(example)'",
                remedy: "run from the checkout of the project, or give --example")
        }
        do {
            return try JSONDecoder().decode(Description.self, from: Data(FileBytes.read(path)))
        } catch let error as DecodingError {
            throw QTuneError(.invalidData, "\(error)", place: ["file '\(path)'"])
        }
    }

    private static func text(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: " ") }
}
