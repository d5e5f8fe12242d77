/// How good the answers of a network are, over one set of samples.
public struct Metrics: Codable, Sendable, Hashable {
    /// Samples behind the figures.
    public let samples: Int
    /// Share of samples whose best class is the label; nil without labels. Higher is better.
    public let top1: Double?
    /// Share of samples whose label is among the best five; nil without labels. Higher is better.
    public let top5: Double?
    /// Share of samples whose best class is that of the reference. Higher is better.
    public let agreement: Double
    /// Dissimilarity of the best five to those of the reference, 0...100, as published (see `weightedTau`). Lower is
    /// better.
    public let dissimilarity: Double
    /// Standard error of `dissimilarity`.
    public let dissimilarityError: Double

    /// - Parameters:
    ///   - reference: the answers of the network in float32 for the same samples.
    ///   - labels: the true classes, where they are known.
    public init(_ predictions: [Prediction], reference: [Prediction], labels: [Int]?) {
        precondition(predictions.count == reference.count && labels.map { $0.count == reference.count } ?? true)
        func share(_ isCounted: (Int) -> Bool) -> Double {
            predictions.isEmpty ? 0 : Double(predictions.indices.count(where: isCounted)) / Double(predictions.count)
        }
        samples = predictions.count
        top1 = labels.map { labels in share { predictions[$0].top1 == labels[$0] } }
        top5 = labels.map { labels in share { predictions[$0].ranking.contains(labels[$0]) } }
        agreement = share { predictions[$0].top1 == reference[$0].top1 }
        let distances = zip(reference, predictions).map { 100 * (1 - (1 + weightedTau($0.ranking, $1.ranking)) / 2) }
        let count = Double(max(1, distances.count))
        let mean = distances.reduce(0, +) / count
        let variance = distances.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
        dissimilarity = mean
        dissimilarityError = (variance / count).squareRoot()
    }
}

/// Kendall's tau with hyperbolic weights (Vigna 2015), averaged over the two rankings by decreasing value, of two lists
/// of distinct integers: the measure of the published tool, which it applies to lists of class numbers. 1 for the same
/// order, -1 for the opposite; 0 where there are fewer than two entries.
package func weightedTau(_ x: [Int], _ y: [Int]) -> Double {
    precondition(x.count == y.count, "lists of \(x.count) and \(y.count)")
    guard x.count > 1 else { return 0 }
    return (weightedTau(x, y, rankedBy: x) + weightedTau(x, y, rankedBy: y)) / 2
}

private func weightedTau(_ x: [Int], _ y: [Int], rankedBy key: [Int]) -> Double {
    let weights = key.map { value in 1 / Double(1 + key.filter { $0 > value }.count) }
    var agreeing = 0.0
    var total = 0.0
    for i in x.indices {
        for j in 0..<i {
            let weight = weights[i] + weights[j]
            total += weight
            agreeing += weight * Double((x[i] - x[j]).signum() * (y[i] - y[j]).signum())
        }
    }
    return agreeing / total
}
