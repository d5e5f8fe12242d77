public import QTuneGraph
public import QTuneQuantization

/// What quantization does to a network, tensor by tensor and group by group.
public struct NetworkAnalysis: Sendable {
    /// Samples behind the figures.
    public let samples: Int
    /// Errors of every quantized activation, in the order in which the network makes them.
    public let tensors: [TensorErrors.Entry]
    /// The groups with what each changes at the output; nil where that was not asked for.
    public let ranking: ExemptionRanking?

    /// Calibrates on `source` and measures on it.
    /// - Parameters:
    ///   - groups: whether to measure groups too, which takes a few runs for each of them.
    ///   - progress: told what is done, how much of it, of how much.
    public init(
        _ float: Model, recipe: Recipe, source: any CalibrationSource, threads: Int, groups: Bool,
        progress: @escaping @Sendable (String, Int, Int) -> Void = { _, _, _ in }
    ) throws {
        let prepared = try Preparation.prepare(float).model
        let statistics = try Calibrator.gather(prepared, source: source, threads: threads) {
            progress("calibrating", $0, source.count)
        }
        let quantizer = Quantizer(prepared, statistics: statistics)
        let errors = try TensorErrors.measure(
            float: prepared, quantized: quantizer.quantize(recipe), source: source, threads: threads
        ) { progress("comparing tensors", $0, source.count) }
        samples = source.count
        tensors = errors.entries
        ranking =
            groups
            ? try SensitivityRanking(quantizer, source: source, seed: 0, threads: threads) {
                progress("measuring groups", $0, $1)
            }
            .rank(recipe) : nil
    }
}
