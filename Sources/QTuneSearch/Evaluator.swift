public import QTuneData
public import QTuneGraph
internal import QTuneKernels
internal import QTuneONNX
internal import QTuneQuantization
internal import QTuneRuntime
internal import QTuneTensor
internal import Synchronization

/// What was measured of one network over a set of samples.
public struct Evaluation: Codable, Sendable, Hashable {
    public var metrics: Metrics
    /// Against the float network, by the rightness that `Evaluator.metric` judges.
    public var comparison: PairedComparison
    /// Samples that both get right.
    public var bothRight: Int
    /// The file's size. Lower is better.
    public var sizeBytes: Int
    public var latency: Latency?
    /// The float network's latency, timed in turn with this one.
    public var floatLatency: Latency?

    /// 95 % interval of the loss, as a share.
    public var lossInterval: ClosedRange<Double> { comparison.interval(bothRight: bothRight) }
}

/// What losses are of.
public enum LossMetric: String, Codable, Sendable, CaseIterable {
    /// The best class is the label.
    case top1
    /// The label is among the best five.
    case top5
    /// The best class is that of the float network.
    case agreement
    /// The published dissimilarity of the best five to those of the float network.
    case dissimilarity
}

/// Evaluates networks on one set of samples, every network on every sample, so that comparisons are paired.
public final class Evaluator: Sendable {
    public let metric: LossMetric
    public let labels: [Int]?
    private let float: Model
    private let feeds: [[String: Tensor]]
    private let samples: [Range<Int>]
    private let batch: Int
    private let threads: Int
    private let latencySeconds: Double
    /// The float network's answers.
    public let reference: [Prediction]

    /// Reads the samples and runs the float network on them.
    /// - Parameters:
    ///   - latencySeconds: time to spend on each network's latency; 0 measures none.
    ///   - threads: threads of one timed inference, and samples that are evaluated at the same time.
    public init(
        float: Model, dataset: any Dataset, metric: LossMetric, threads: Int, latencySeconds: Double,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws {
        guard dataset.labels != nil || (metric != .top1 && metric != .top5) else {
            throw QTuneError(
                .invalidData, "the evaluation data have no labels, which \(metric.rawValue) needs",
                remedy: "use --metric agreement, or add labels.csv or one folder a class")
        }
        let source = try DatasetFeeds(dataset, for: float)
        self.metric = metric
        self.float = float
        self.threads = threads
        self.latencySeconds = latencySeconds
        labels = dataset.labels
        samples = (0..<source.count).map(source.samples)
        batch = source.batch
        feeds = try Self.gather(count: source.count, threads: threads) { index in
            let feed = try source.feeds(index)
            progress(index + 1, source.count)
            return feed
        }
        reference = try Self.predict(float, feeds: feeds, batch: batch, samples: samples, threads: threads)
    }

    /// The float network itself: no loss, its own size and latency.
    public func evaluateFloat(sizeBytes: Int) throws -> Evaluation {
        var evaluation = judged(reference, sizeBytes: sizeBytes)
        if latencySeconds > 0 {
            evaluation.latency = try latencies(of: [float])[0]
            evaluation.floatLatency = evaluation.latency
        }
        return evaluation
    }

    /// Runs `model` on every sample.
    /// - Parameter sizeBytes: the size of its file.
    public func evaluate(_ model: Model, sizeBytes: Int) throws -> Evaluation {
        let predictions = try Self.predict(model, feeds: feeds, batch: batch, samples: samples, threads: threads)
        guard predictions.first?.ranking.count == reference.first?.ranking.count else {
            throw QTuneError(.invalidInput, "the network does not tell as many classes apart as the float network")
        }
        var evaluation = judged(predictions, sizeBytes: sizeBytes)
        if latencySeconds > 0 {
            let measured = try latencies(of: [float, model])
            evaluation.floatLatency = measured[0]
            evaluation.latency = measured[1]
        }
        return evaluation
    }

    /// Times `models` in turn on the first sample, each for about the evaluator's latency time.
    public func latencies(of models: [Model]) throws -> [Latency] {
        let sessions = try models.map { try Session($0, options: SessionOptions(threads: threads)) }
        return try LatencyMeter.measure(
            seconds: latencySeconds * Double(models.count),
            sessions.map { session in { _ = try session.run(self.feeds[0]) } })
    }

    private func judged(_ predictions: [Prediction], sizeBytes: Int) -> Evaluation {
        let float = reference.indices.map { isRight(reference[$0], at: $0) }
        let candidate = predictions.indices.map { isRight(predictions[$0], at: $0) }
        return Evaluation(
            metrics: Metrics(predictions, reference: reference, labels: labels),
            comparison: PairedComparison(reference: float, candidate: candidate),
            bothRight: zip(float, candidate).count(where: { $0 && $1 }), sizeBytes: sizeBytes)
    }

    private func isRight(_ prediction: Prediction, at index: Int) -> Bool {
        switch metric {
        case .top1: prediction.top1 == labels?[index]
        case .top5: labels.map { prediction.ranking.contains($0[index]) } ?? false
        case .agreement: prediction.top1 == reference[index].top1
        case .dissimilarity: prediction.ranking == reference[index].ranking
        }
    }
}

extension Evaluation {
    /// What `metric` lost against the float network, in points of 100. Lower is better.
    public func lossPoints(_ metric: LossMetric) -> Double {
        metric == .dissimilarity ? metrics.dissimilarity : 100 * comparison.loss
    }

    /// The 95 % interval of `lossPoints`.
    public func lossIntervalPoints(_ metric: LossMetric) -> ClosedRange<Double> {
        if metric == .dissimilarity {
            let half = 1.959_964 * metrics.dissimilarityError
            return max(0, metrics.dissimilarity - half)...min(100, metrics.dissimilarity + half)
        }
        return 100 * lossInterval.lowerBound...100 * lossInterval.upperBound
    }
}

extension Evaluator {
    /// Runs `model` on all feeds and ranks its first output for every sample.
    private static func predict(
        _ model: Model, feeds: [[String: Tensor]], batch: Int, samples: [Range<Int>], threads: Int
    ) throws -> [Prediction] {
        guard let output = model.graph.outputs.first?.name else {
            throw QTuneError(.invalidModel, "the network has no output")
        }
        let sessions = try (0..<min(threads, feeds.count)).map { _ in
            try Session(model, options: SessionOptions(threads: 1))
        }
        return try gather(count: feeds.count, threads: sessions.count) { index, worker in
            guard let scores = try sessions[worker].run(feeds[index])[output] else {
                throw QTuneError(.internalError, "the run gave no '\(output)'")
            }
            return try rankings(of: scores, batch: batch, samples: samples[index].count)
        }.flatMap { $0 }
    }

    /// Splits the scores of a batch, of which the first `samples` count.
    private static func rankings(of scores: Tensor, batch: Int, samples: Int) throws -> [Prediction] {
        guard batch > 1 else { return [try Prediction(logits: scores)] }
        guard scores.dtype == .float32, scores.shape.dimensions.first == batch else {
            throw QTuneError(
                .invalidData, "the output \(scores.dtype) \(scores.shape) does not hold \(samples) samples")
        }
        let values = scores.array(of: Float.self)
        let classes = values.count / batch
        return try (0..<samples).map {
            try Prediction(logits: Tensor(Array(values[$0 * classes..<($0 + 1) * classes])))
        }
    }

    private static func gather<Result: Sendable>(
        count: Int, threads: Int, _ body: (Int) throws -> Result
    ) throws -> [Result] {
        try gather(count: count, threads: threads) { index, _ in try body(index) }
    }

    /// Calls `body` for every index, on several threads; the results stand in order whatever thread made them. The
    /// error of the lowest index is thrown.
    private static func gather<Result: Sendable>(
        count: Int, threads: Int, _ body: (_ index: Int, _ worker: Int) throws -> Result
    ) throws -> [Result] {
        let workers = max(1, min(threads, count))
        let results = Mutex([Swift.Result<Result, any Error>?](repeating: nil, count: count))
        ThreadPool(threads: workers).run(parts: workers) { worker in
            for index in stride(from: worker, to: count, by: workers) {
                let result = Swift.Result { try body(index, worker) }
                results.withLock { $0[index] = result }
                if case .failure = result { return }
            }
        }
        return try results.withLock { all in
            for case .failure(let error)? in all { throw error }
            return try all.compactMap { try $0?.get() }
        }
    }
}
