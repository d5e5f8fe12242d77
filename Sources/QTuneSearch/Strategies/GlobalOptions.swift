internal import QTuneGraph
internal import QTuneQuantization
internal import QTuneRuntime
internal import QTuneTensor

/// Chooses the options that hold for a whole network: how ranges follow from calibration, and whether biases are
/// corrected.
struct GlobalOptions {
    private let quantizer: Quantizer
    private let threads: Int
    private let feeds: [[String: Tensor]]

    init(_ quantizer: Quantizer, source: any CalibrationSource, seed: UInt64, threads: Int) throws {
        self.quantizer = quantizer
        self.threads = threads
        let drawn = DrawnFeeds(source, count: SensitivityRanking.samples, seed: seed)
        feeds = try (0..<drawn.count).map(drawn.feeds)
    }

    /// The variant of `recipe` whose outputs, with every group in int8, diverge least from those of the float network.
    func best(of recipe: Recipe) throws -> Recipe {
        let references = try outputs(of: Session(quantizer.model, options: SessionOptions(threads: threads)))
        let scored = try Self.variants(of: recipe).map { variant in
            (variant, try divergence(of: variant, from: references))
        }
        return scored.min { $0.1 < $1.1 }?.0 ?? recipe
    }

    private static func variants(of recipe: Recipe) -> [Recipe] {
        let methods: [RangeMethod] = [.minMax, .percentile(99.99), .squaredError]
        return methods.flatMap { method in
            [true, false].map { correction in
                var variant = recipe
                variant.calibration = method
                variant.biasCorrection = correction
                return variant
            }
        }
    }

    private func divergence(of recipe: Recipe, from references: [Tensor]) throws -> Double {
        let model = try quantizer.quantize(recipe).model
        var difference = OutputDifference()
        let results = try outputs(of: Session(model, options: SessionOptions(threads: threads)))
        for (reference, result) in zip(references, results) { try difference.add(reference: reference, result) }
        return difference.divergence
    }

    /// The first output for every sample.
    private func outputs(of session: Session) throws -> [Tensor] {
        try feeds.map { feed in
            guard let name = session.outputs.first?.name, let output = try session.run(feed)[name] else {
                throw QTuneError(.invalidModel, "the network has no output")
            }
            return output
        }
    }
}
