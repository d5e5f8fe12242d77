internal import QTuneGraph
internal import QTuneQuantization
internal import QTuneTensor

/// The order of steps that follows from what each group changes at the network's output, for each byte of the file.
///
/// Everything is measured on calibration data, so that evaluation data only judge. Divergences of outputs are compared
/// instead of accuracies: they change smoothly, so few samples are enough to tell groups apart.
struct SensitivityRanking {
    private let quantizer: Quantizer
    private let source: any CalibrationSource
    private let threads: Int
    private let progress: @Sendable (Int, Int) -> Void

    /// Samples that groups are measured on at most.
    static let samples = 64

    /// - Parameter seed: decides which samples are measured on where there are more than needed.
    init(
        _ quantizer: Quantizer, source: any CalibrationSource, seed: UInt64, threads: Int,
        progress: @escaping @Sendable (Int, Int) -> Void
    ) {
        self.quantizer = quantizer
        self.source = DrawnFeeds(source, count: Self.samples, seed: seed)
        self.threads = threads
        self.progress = progress
    }

    /// Measures every group, quantized as `recipe` says.
    func rank(_ recipe: Recipe) throws -> ExemptionRanking {
        let total = quantizer.groups.count * 2
        var coarse = recipe
        coarse.granularity = .tensor
        let fine = try Sensitivity.measure(quantizer, recipe: recipe, source: source, threads: threads) {
            progress($1, total)
        }
        let perTensor =
            recipe.granularity == .tensor
            ? fine
            : try Sensitivity.measure(quantizer, recipe: coarse, source: source, directions: .alone, threads: threads) {
                progress(total / 2 + $1, total)
            }
        let errors = try TensorErrors.measure(
            float: quantizer.model, quantized: quantizer.quantize(recipe.excluding([])), source: source,
            threads: threads)
        let scores = try self.scores(fine, perTensor, errors: errors, recipe: recipe)
        return ExemptionRanking(
            steps: try steps(scores, recipe: recipe, coarse: coarse), scores: scores,
            base: Candidate(label: "int8 per tensor", source: .recipe(coarse)))
    }

    /// Every step, those that take away the most divergence for each byte first.
    private func steps(_ scores: [ExemptionRanking.Score], recipe: Recipe, coarse: Recipe) throws -> [ExemptionRanking
        .Step]
    {
        let smallest = try bytes(coarse)
        var steps: [(step: ExemptionRanking.Step, worth: Double)] = []
        for score in scores {
            var channel = coarse
            channel.groups[score.name, default: Recipe.GroupChoice()].granularity = .channel
            let growth = try bytes(channel) - smallest
            let gain = (score.quantizeOnlyPerTensor ?? 0) - (score.quantizeOnly ?? 0)
            if growth > 0, recipe.granularity == .channel {
                steps.append((ExemptionRanking.Step(name: score.name, change: .perChannel), gain / Double(growth)))
            }
            let exempting = (score.restoreOnly ?? 0) / Double(max(1, score.cost ?? 1))
            steps.append((ExemptionRanking.Step(name: score.name, change: .float32), exempting))
        }
        return steps.enumerated()
            .sorted { ($0.element.worth, $1.offset) > ($1.element.worth, $0.offset) }.map(\.element.step)
    }

    private func scores(
        _ fine: Sensitivity, _ perTensor: Sensitivity, errors: TensorErrors, recipe: Recipe
    ) throws -> [ExemptionRanking.Score] {
        let results = quantizer.groupResults
        let full = try bytes(recipe.excluding([]))
        return try zip(fine.groups, perTensor.groups).map { group, coarse in
            let entry = errors.entries.first { $0.tensor == results[group.name] }
            return ExemptionRanking.Score(
                name: group.name, qdqDecibels: entry?.qdq.decibels, xmodelDecibels: entry?.xmodel.decibels,
                quantizeOnly: group.alone.divergence, quantizeOnlyPerTensor: coarse.alone.divergence,
                restoreOnly: group.restored.map { fine.full.divergence - $0.divergence },
                cost: max(Self.leastCost, try bytes(recipe.excluding([group.name])) - full))
        }
    }

    /// What a group in float costs at least, so that groups without weights do not look free.
    private static let leastCost = 64

    /// About the size of the file that `recipe` gives: constants and, by a typical length, nodes.
    private func bytes(_ recipe: Recipe) throws -> Int {
        let graph = Compaction.compact(try quantizer.quantize(recipe).model).graph
        return graph.nodes.count * 40 + graph.initializers.values.reduce(0) { $0 + $1.byteCount + 16 }
    }
}

extension Quantizer {
    /// The tensor that each group gives to the rest of the network.
    fileprivate var groupResults: [String: String] {
        let outputs = Dictionary(model.graph.nodes.map { ($0.label, $0.outputs.first ?? "") }) { first, _ in first }
        return Dictionary(groups.map { ($0.name, outputs[$0.nodes.last ?? ""] ?? "") }) { first, _ in first }
    }
}
