public import QTuneGraph
internal import QTuneRuntime
internal import QTuneTensor

/// Gathers statistics of a network's activations.
public enum Calibrator {
    /// Runs `model` on every element of `source` and observes its float32 values, one run at a time: memory does not
    /// depend on how many there are.
    /// - Parameters:
    ///   - model: A prepared model; see `Preparation`.
    ///   - tensors: The values to observe; nil for every one that quantization may ask for.
    ///   - progress: Told how many runs are done.
    public static func gather(
        _ model: Model, source: any CalibrationSource, tensors: [String]? = nil, threads: Int = 1,
        progress: (Int) -> Void = { _ in }
    ) throws -> Statistics {
        guard source.count > 0 else {
            throw QTuneError(.invalidArgument, "calibration needs at least one input")
        }
        let inputs = Set(model.graph.requiredInputs.map(\.name))
        let wanted = tensors ?? FloatValues(model).activations
        let session = try Session(
            model, options: SessionOptions(threads: threads, taps: wanted.filter { !inputs.contains($0) }))
        var statistics = Statistics()
        for run in 0..<source.count {
            try locating("calibration run \(run)") {
                let feeds = try source.feeds(run)
                let results = try session.run(feeds)
                for name in wanted {
                    guard let tensor = results[name] ?? feeds[name] else { continue }
                    statistics.tensors[name, default: TensorStatistics()].observe(tensor)
                }
            }
            statistics.runs += 1
            progress(run + 1)
        }
        return statistics
    }
}
