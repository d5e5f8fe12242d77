public import ArgumentParser
public import QTune

extension Recipe.Format: ExpressibleByArgument {}
extension Recipe.Granularity: ExpressibleByArgument {}

/// Calibration methods as they are written on the command line: `min-max`, `percentile:99.99`, `entropy`,
/// `squared-error`.
struct CalibrationMethod: ExpressibleByArgument {
    let method: RangeMethod

    init?(argument: String) {
        let parts = argument.split(separator: ":", maxSplits: 1).map(String.init)
        switch (parts.first, parts.count) {
        case ("min-max", 1): method = .minMax
        case ("entropy", 1): method = .entropy
        case ("squared-error", 1): method = .squaredError
        case ("percentile", 1): method = .percentile(99.99)
        case ("percentile", 2):
            guard let share = Double(parts[1]), share > 50, share <= 100 else { return nil }
            method = .percentile(share)
        default: return nil
        }
    }
}

struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize", abstract: "Write a quantized network.",
        discussion: "Options given beside --recipe win over what the recipe says. \(DataOptions.formats)")

    @OptionGroup var model: ModelArgument
    @OptionGroup var data: DataOptions
    @Option(name: .shortAndLong, help: "The file to write.")
    var output: String
    @Option(help: "Data to calibrate on; not needed for the dynamic format.")
    var calibration: String?
    @Option(help: "Calibration samples to use, spread over the data.")
    var calibrationLimit: Int?
    @Option(help: "A recipe, JSON.")
    var recipe: String?
    @Option(help: "qdq (scales from calibration) or dynamic (scales found while running).")
    var format: Recipe.Format?
    @Option(help: "Weight scales per tensor or per channel.")
    var granularity: Recipe.Granularity?
    @Option(help: "uint8 or int8.")
    var activations: String?
    @Option(help: "How ranges follow from calibration: min-max, percentile[:99.99], entropy, squared-error.")
    var method: CalibrationMethod?
    @Option(parsing: .upToNextOption, help: "Groups to leave in float32; see qtune inspect.")
    var exclude: [String] = []
    @Option(help: "Write the recipe that was used.")
    var writeRecipe: String?
    @OptionGroup var threads: ThreadsOption
    @Flag(help: "Print JSON.")
    var json = false

    // The names are those of the JSON.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    private struct Result: Encodable {
        let output: String
        let size_bytes: Int
        let float_bytes: Int
        let quantized_groups: Int
        let float_groups: Int
        let notes: [String]
    }

    func run() throws {
        let network = try model.read()
        let recipe = try resolvedRecipe()
        let (prepared, quantizer, quantized) = try model.located {
            let prepared = try Preparation.prepare(network)
            try checkExclusions(QuantizationGroups.find(prepared.model).map(\.name))
            let quantizer = Quantizer(prepared.model, statistics: try statistics(network, prepared.model, recipe))
            return (prepared, quantizer, try quantizer.quantize(recipe))
        }
        try ModelWriter.write(Compaction.compact(quantized.model), to: output)
        if let writeRecipe { try FileBytes.write(recipe.json(), to: writeRecipe) }
        let int8 = quantizer.groups.filter { recipe.choice(for: $0.name).precision == .int8 }.count
        let result = Result(
            output: output, size_bytes: try FileBytes.read(output).count, float_bytes: try model.fileSize(),
            quantized_groups: int8, float_groups: quantizer.groups.count - int8,
            notes: (prepared.notes + quantized.notes).map { "\($0)" })
        for note in result.notes { Console.note("note: \(note)") }
        if json { return try Console.print(json: result) }
        let ratio = Double(result.size_bytes) / Double(max(1, result.float_bytes))
        Console.print(
            "\(output): \(result.size_bytes) bytes, \(Format.fixed(100 * ratio, 1)) % of the float file; "
                + "\(int8) of \(quantizer.groups.count) groups in int8")
    }

    private func checkExclusions(_ known: [String]) throws {
        guard let name = exclude.first(where: { !known.contains($0) }) else { return }
        throw QTuneError(
            .invalidArgument, "the network has no group called '\(name)'", place: ["--exclude"],
            remedy: "qtune inspect shows its \(known.count) groups")
    }

    private func resolvedRecipe() throws -> Recipe {
        var recipe = try Recipe(path: recipe)
        if let format { recipe.format = format }
        if let granularity { recipe.granularity = granularity }
        if let method { recipe.calibration = method.method }
        if let activations {
            guard let type = DType(name: activations) else {
                throw ValidationError("--activations takes uint8 or int8, not '\(activations)'")
            }
            recipe.activationType = type
        }
        for name in exclude { recipe.groups[name, default: Recipe.GroupChoice()].precision = .float32 }
        return recipe
    }

    private func statistics(_ network: Model, _ prepared: Model, _ recipe: Recipe) throws -> Statistics {
        guard recipe.format != .dynamic else { return Statistics() }
        guard let calibration else {
            throw ValidationError("the qdq format needs --calibration")
        }
        let dataset = try data.dataset(calibration, for: network, limit: calibrationLimit)
        let source = try DatasetFeeds(dataset, for: network)
        let progress = Progress()
        defer { progress.clear() }
        return try Calibrator.gather(prepared, source: source, threads: threads.threads) {
            progress.update("calibrating", done: $0, of: source.count)
        }
    }
}
