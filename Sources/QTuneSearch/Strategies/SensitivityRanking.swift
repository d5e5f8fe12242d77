internal import QTuneGraph
internal import QTuneQuantization
internal import QTuneTensor

/// The order of exemptions that follows from what each group changes at the network's output.
///
/// Everything is measured on calibration data, so that evaluation data only judge. Divergences of outputs are compared
/// instead of accuracies: they change smoothly, so few samples are enough to tell groups apart.
enum SensitivityRanking {
    /// Samples that groups are measured on at most.
    private static let samples = 64

    static func rank(
        _ quantizer: Quantizer, recipe: Recipe, source: any CalibrationSource, threads: Int,
        progress: @escaping @Sendable (Int, Int) -> Void
    ) throws -> ExemptionRanking {
        let source = SpreadFeeds(source, count: samples)
        let sensitivity = try Sensitivity.measure(quantizer, recipe: recipe, source: source, threads: threads) { _, done in
            progress(done, quantizer.groups.count)
        }
        let errors = try TensorErrors.measure(
            float: quantizer.model, quantized: quantizer.quantize(recipe.excluding([])), source: source, threads: threads)
        let results = quantizer.groupResults
        let bytes = Dictionary(quantizer.groups.map { ($0.name, $0.parameterBytes) }) { first, _ in first }
        let scores = sensitivity.groups.map { group in
            score(
                group, full: sensitivity.full, parameterBytes: bytes[group.name] ?? 0,
                errors: errors.entries.first { $0.tensor == results[group.name] })
        }
        let steps = scores.enumerated().sorted { (worth($0.element), $1.offset) > (worth($1.element), $0.offset) }
        return ExemptionRanking(
            steps: steps.map(\.element.name), scores: scores, base: Candidate(label: "int8", source: .recipe(recipe)))
    }

    /// Divergence that goes away for each byte that the file grows.
    private static func worth(_ score: ExemptionRanking.Score) -> Double {
        (score.restoreOnly ?? 0) / Double(max(1, score.cost ?? 1))
    }

    private static func score(
        _ group: Sensitivity.Group, full: OutputDifference, parameterBytes: Int, errors: TensorErrors.Entry?
    ) -> ExemptionRanking.Score {
        ExemptionRanking.Score(
            name: group.name, qdqDecibels: errors?.qdq.decibels, xmodelDecibels: errors?.xmodel.decibels,
            quantizeOnly: group.alone.divergence,
            restoreOnly: group.restored.map { full.divergence - $0.divergence },
            cost: parameterBytes * 3 / 4 + fixedCost)
    }

    /// Bytes that a group's nodes, names and scales take besides its weights, about: keeps groups without weights from
    /// looking free.
    private static let fixedCost = 64
}

extension Quantizer {
    /// The tensor that each group gives to the rest of the network.
    fileprivate var groupResults: [String: String] {
        let outputs = Dictionary(model.graph.nodes.map { ($0.label, $0.outputs.first ?? "") }) { first, _ in first }
        return Dictionary(groups.map { ($0.name, outputs[$0.nodes.last ?? ""] ?? "") }) { first, _ in first }
    }
}

/// Some feeds of another source, spread evenly over it.
private struct SpreadFeeds: CalibrationSource {
    private let base: any CalibrationSource
    let count: Int

    init(_ base: any CalibrationSource, count: Int) {
        self.base = base
        self.count = min(count, base.count)
    }

    func feeds(_ index: Int) throws -> [String: Tensor] { try base.feeds(index * base.count / max(1, count)) }
}
