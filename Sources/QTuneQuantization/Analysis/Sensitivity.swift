internal import QTuneGraph
internal import QTuneRuntime
internal import QTuneTensor

/// What each group changes at the network's output, measured both ways.
public struct Sensitivity: Sendable, Equatable, Codable {
    public struct Group: Sendable, Equatable, Codable {
        public var name: String
        /// The output when this group alone is quantized. Lower is better: the group can be quantized.
        public var alone: OutputDifference
        /// The output when everything but this group is quantized. Lower is better: restoring the group helps.
        public var restored: OutputDifference?
    }

    /// Runs behind the figures.
    public var runs: Int
    /// The output when everything is quantized.
    public var full: OutputDifference
    /// In the order in which they run.
    public var groups: [Group]

    /// The groups' names, those that hurt most when quantized alone first.
    public var byHarm: [String] {
        groups.sorted { $0.alone.divergence > $1.alone.divergence }.map(\.name)
    }

    /// The groups' names, those that help most when restored first. Empty where that was not measured.
    public var byHelp: [String] {
        groups.filter { $0.restored != nil }
            .sorted { ($0.restored?.divergence ?? 0) < ($1.restored?.divergence ?? 0) }.map(\.name)
    }

    /// What groups may be measured by.
    public enum Directions: Sendable { case alone, both }

    /// Measures every group over `source`. With only one group quantized, what comes before it is not computed again
    /// for each group.
    /// - Parameters:
    ///   - recipe: The options; its own choice of precisions is replaced.
    ///   - progress: Told the group at hand, and how many there are before it.
    public static func measure(
        _ quantizer: Quantizer, recipe: Recipe, source: any CalibrationSource, directions: Directions = .both,
        threads: Int = 1, progress: (String, Int) -> Void = { _, _ in }
    ) throws -> Sensitivity {
        let run = try SensitivityRun(quantizer, recipe: recipe, source: source, threads: threads)
        var prefix = PrefixRunner(quantizer.model, feeds: run.feeds, threads: threads)
        var groups: [Group] = []
        for (position, group) in quantizer.structure.groups.enumerated() {
            progress(group.name, position)
            let alone = try quantizer.quantize(recipe.quantizingOnly([group.name])).model
            let start = group.nodes.min() ?? 0
            try prefix.advance(to: start)
            var entry = Group(name: group.name, alone: try run.difference(alone, entries: prefix.values), restored: nil)
            if directions == .both {
                entry.restored = try run.difference(quantizer.quantize(recipe.excluding([group.name])).model)
            }
            groups.append(entry)
        }
        let full = try run.difference(quantizer.quantize(recipe.excluding([])).model)
        return Sensitivity(runs: source.count, full: full, groups: groups)
    }
}

/// The inputs of a measurement with the float network's outputs.
private struct SensitivityRun {
    let feeds: [[String: Tensor]]
    private let outputs: [String]
    private let references: [[String: Tensor]]
    private let threads: Int

    init(_ quantizer: Quantizer, recipe: Recipe, source: any CalibrationSource, threads: Int) throws {
        feeds = try (0..<source.count).map(source.feeds)
        let session = try Session(quantizer.model, options: SessionOptions(threads: threads))
        references = try feeds.map { try session.run($0) }
        outputs = session.outputs.map(\.name)
        self.threads = threads
    }

    /// Runs `model` from `entries` on, one set of values for each run, or from its inputs.
    func difference(_ model: Model, entries: [[String: Tensor]]? = nil) throws -> OutputDifference {
        let inner =
            (entries?.first).map { $0.keys.filter { name in !model.graph.inputs.contains { $0.name == name } } } ?? []
        let session = try Session(model, options: SessionOptions(threads: threads, entries: inner.sorted()))
        let needed = Set(session.inputs.map(\.name))
        var difference = OutputDifference()
        for (index, reference) in references.enumerated() {
            let given = (entries?[index] ?? feeds[index]).filter { needed.contains($0.key) }
            let results = try session.run(given)
            for name in outputs {
                guard let expected = reference[name], expected.dtype == .float32, let result = results[name] else {
                    continue
                }
                try difference.add(reference: expected, result)
            }
        }
        return difference
    }
}

/// Runs a float model bit by bit over several inputs, keeping for each the values that the rest of the network needs.
private struct PrefixRunner {
    private let model: Model
    private let threads: Int
    private var position = 0
    /// For each input, what nodes from `position` on take from outside.
    private(set) var values: [[String: Tensor]]

    init(_ model: Model, feeds: [[String: Tensor]], threads: Int) {
        self.model = model
        self.threads = threads
        values = feeds
    }

    /// Computes what nodes before `target` give to later ones. Positions must not go back.
    mutating func advance(to target: Int) throws {
        guard target > position else { return }
        let nodes = model.graph.nodes
        let needed = Set(nodes[target...].flatMap(\.dependencies)).union(model.graph.outputs.map(\.name))
        let made = nodes[position..<target].flatMap(\.outputs).filter { needed.contains($0) }
        let inputs = Set(model.graph.inputs.map(\.name))
        if !made.isEmpty {
            var part = model
            part.graph.outputs = made.map { ValueInfo($0) }
            let known = values.first.map { Array($0.keys) } ?? []
            let session = try Session(
                part, options: SessionOptions(threads: threads, entries: known.filter { !inputs.contains($0) }.sorted())
            )
            let taken = Set(session.inputs.map(\.name))
            values = try values.map { given in
                let results = try session.run(given.filter { taken.contains($0.key) })
                return given.merging(results) { old, _ in old }.filter { needed.contains($0.key) }
            }
        } else {
            values = values.map { $0.filter { needed.contains($0.key) } }
        }
        position = target
    }
}
