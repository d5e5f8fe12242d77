internal import ArgumentParser
internal import QTune

struct AnalyzeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze", abstract: "Rank layers by what quantization does to them.",
        discussion: """
            QDQ and XModel errors are signal-to-noise ratios in dB: higher is better. "alone" is the divergence of the \
            network's output when only this group is int8 (lower is better), "gain" how much of the divergence of full int8 \
            goes away when only this group is float (higher: restore it first). "err" columns are relative errors (lower is \
            better). The order is that in which tune exempts groups. \(DataOptions.formats)
            """)

    @OptionGroup var model: ModelArgument
    @OptionGroup var data: DataOptions
    @Option(help: "Data to calibrate on and to measure with.")
    var calibration: String
    @Option(help: "Samples to use, spread over the data.")
    var limit: Int?
    @Option(help: "A recipe with the options to quantize by.")
    var recipe: String?
    @OptionGroup var threads: ThreadsOption
    @Flag(help: "Rank tensors instead of groups, the noisiest first; quicker.")
    var tensors = false
    @Flag(help: "Print JSON.")
    var json = false

    // The names are those of the JSON.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    private struct TensorLine: Encodable {
        let tensor: String
        /// Higher is better.
        let qdq_db: Double
        let xmodel_db: Double
        /// Lower is better.
        let qdq_error: Double
        let xmodel_error: Double
    }

    private struct Result: Encodable {
        let model: String
        let samples: Int
        let tensors: [TensorLine]
        let groups: [ExemptionRanking.Score]?
    }

    func run() throws {
        let network = try model.read()
        let options = try Recipe(path: recipe)
        let source = try DatasetFeeds(data.dataset(calibration, for: network, limit: limit), for: network)
        let progress = Progress()
        let analysis = try model.located {
            try NetworkAnalysis(
                network, recipe: options, source: source, threads: threads.threads, groups: !tensors
            ) { progress.update($0, done: $1, of: $2) }
        }
        progress.clear()
        let lines = analysis.tensors.sorted { $0.xmodel.decibels < $1.xmodel.decibels }.map {
            TensorLine(
                tensor: $0.tensor, qdq_db: $0.qdq.decibels, xmodel_db: $0.xmodel.decibels,
                qdq_error: $0.qdq.relativeError,
                xmodel_error: $0.xmodel.relativeError)
        }
        let groups = analysis.ranking.map { ranking in
            ranking.steps.filter { $0.change == .float32 }.compactMap { step in
                ranking.scores.first { $0.name == step.name }
            }
        }
        let result = Result(model: model.model, samples: analysis.samples, tensors: lines, groups: groups)
        if json { return try Console.print(json: result) }
        if let groups { show(groups) } else { show(lines) }
    }

    private func show(_ groups: [ExemptionRanking.Score]) {
        var table = TextTable([
            ("", .right), ("group", .left), ("QDQ dB", .right), ("XModel dB", .right), ("alone", .right),
            ("gain", .right),
            ("bytes", .right),
        ])
        for (index, group) in groups.enumerated() {
            table.add([
                "\(index + 1)", group.name, Format.decibels(group.qdqDecibels), Format.decibels(group.xmodelDecibels),
                group.quantizeOnly.map { Format.fixed($0, 5) } ?? "-",
                group.restoreOnly.map { Format.fixed($0, 5) } ?? "-",
                group.cost.map(String.init) ?? "-",
            ])
        }
        Console.print(table.lines)
    }

    private func show(_ lines: [TensorLine]) {
        var table = TextTable([
            ("", .right), ("tensor", .left), ("QDQ dB", .right), ("XModel dB", .right), ("QDQ err", .right),
            ("XModel err", .right),
        ])
        for (index, line) in lines.enumerated() {
            table.add([
                "\(index + 1)", line.tensor, Format.decibels(line.qdq_db), Format.decibels(line.xmodel_db),
                Format.fixed(line.qdq_error, 5), Format.fixed(line.xmodel_error, 5),
            ])
        }
        Console.print(table.lines)
    }
}
