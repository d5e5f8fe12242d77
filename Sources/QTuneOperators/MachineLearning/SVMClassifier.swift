import QTuneGraph
import QTuneTensor

/// Classes by support vectors: each pair of classes is decided, and the class that wins most often is the sample's.
/// Without support vectors, classes by linear scores. Gives the labels, and scores or probabilities.
struct SVMClassifier: MachineLearningOperator {
    static let name = "SVMClassifier"

    private let labels: ClassLabels
    private let vectors: SupportVectors
    private let transform: ScoreTransform
    /// What decides between pairs of classes; nil in a linear model.
    private let pairs: ClassPairs?
    private let offset: Float
    private let positiveWeights: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1, outputs: 1...2)
        labels = try .required(node, integers: "classlabels_ints", strings: "classlabels_strings")
        let coefficients = try node.floats("coefficients") ?? []
        let sizes = try node.ints("vectors_per_class") ?? []
        guard sizes.allSatisfy({ (0...Int(Int32.max)).contains($0) }), sizes.count <= 1 << 16, labels.count <= 1 << 16
        else { throw QTuneError(.invalidModel, "attribute 'vectors_per_class' is \(sizes.prefix(8))") }
        let count = sizes.reduce(0, +)
        guard let rho = try node.floats("rho"), let offset = rho.first else {
            throw QTuneError(.invalidModel, "attribute 'rho' holds nothing")
        }
        self.offset = offset
        vectors = try SupportVectors(
            node, vectors: count == 0 ? coefficients : try node.floats("support_vectors") ?? [],
            count: count == 0 ? labels.count : count, isLinear: count == 0)
        pairs =
            count == 0
            ? nil
            : try ClassPairs(
                node, classes: labels.count, vectorsPerClass: sizes, coefficients: coefficients, offsets: rho)
        transform = try ScoreTransform(node)
        positiveWeights = coefficients.allSatisfy { $0 >= 0 }
    }

    /// Scores of a sample in the second result.
    private var width: Int {
        guard let pairs, !pairs.givesProbabilities else { return labels.count }
        return labels.count > 2 ? pairs.count : 2
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let count = FeatureRows.inferCount(context[0])
        return [.tensor(labels.dtype, [count]), .tensor(.float32, [count, .fixed(width)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let kernels = try vectors.kernels(of: try context.tensor(0), pool: context.pool)
        let samples = kernels.count / vectors.count
        var (places, scores): ([Int], [Float]) = ([], [])
        for sample in 0..<samples {
            let row = Array(kernels[sample * vectors.count..<(sample + 1) * vectors.count])
            let (place, values) = pairs.map { decide(row, $0) } ?? decideLinear(row)
            places.append(place)
            scores += values
        }
        return [
            .tensor(labels.tensor(at: places)), .tensor(Tensor(scores, shape: [samples, width])),
        ]
    }

    private func decide(_ kernels: [Float], _ pairs: ClassPairs) -> (place: Int, scores: [Float]) {
        var (scores, votes) = pairs.decide(kernels)
        let place = votes.largestIndex
        if pairs.givesProbabilities {
            scores = pairs.probabilities(scores)
            transform.apply(to: &scores)
        } else if labels.count <= 2 {
            // One decision stands for both classes.
            scores = transform.complete(scores.first ?? 0, isProbability: transform != .none)
        } else {
            transform.apply(to: &scores)
        }
        return (place, scores)
    }

    private func decideLinear(_ products: [Float]) -> (place: Int, scores: [Float]) {
        var scores = products.map { $0 + offset }
        var place = scores.largestIndex
        if labels.count == 2 {
            let largest = scores[place]
            if positiveWeights ? largest >= 0.5 : largest > 0 { place = 1 }
        }
        transform.apply(to: &scores)
        return (place, scores)
    }
}

/// The decisions between each two classes of a support vector classifier.
private struct ClassPairs: Sendable {
    /// The number of pairs.
    let count: Int
    private let classes: Int
    private let ranges: [Range<Int>]
    /// [classes - 1, vectors]: the rows of a class leave out its comparison with itself.
    private let coefficients: [Float]
    private let offsets: [Float]
    private let slopes: [Float]
    private let intercepts: [Float]

    init(_ node: NodeReader, classes: Int, vectorsPerClass: [Int], coefficients: [Float], offsets: [Float]) throws {
        self.classes = classes
        count = classes * (classes - 1) / 2
        var ranges: [Range<Int>] = []
        for size in vectorsPerClass {
            let start = ranges.last?.upperBound ?? 0
            ranges.append(start..<start + size)
        }
        let vectors = ranges.last?.upperBound ?? 0
        slopes = try node.floats("prob_a") ?? []
        intercepts = try node.floats("prob_b") ?? []
        guard ranges.count == classes, coefficients.count / max(1, vectors) >= classes - 1, offsets.count >= count,
            slopes.count == intercepts.count, slopes.isEmpty || slopes.count >= count
        else {
            throw QTuneError(
                .invalidModel,
                "\(coefficients.count) coefficients, \(offsets.count) offsets and \(slopes.count) slopes for "
                    + "\(classes) classes of \(vectorsPerClass.prefix(8)) vectors")
        }
        self.ranges = ranges
        self.coefficients = coefficients
        self.offsets = offsets
    }

    var givesProbabilities: Bool { !slopes.isEmpty }

    /// Each two classes, in the order of the offsets.
    private var pairs: some Sequence<(first: Int, second: Int)> {
        (0..<classes).lazy.flatMap { first in
            (first + 1..<classes).lazy.map { (first: first, second: $0) }
        }
    }

    /// The score of each pair, and how often each class wins.
    func decide(_ kernels: [Float]) -> (scores: [Float], votes: [Int]) {
        var (scores, votes) = ([Float](), [Int](repeating: 0, count: classes))
        for (pair, (first, second)) in pairs.enumerated() {
            var sum = 0.0
            for vector in ranges[first] {
                sum += Double(coefficients[(second - 1) * kernels.count + vector] * kernels[vector])
            }
            for vector in ranges[second] {
                sum += Double(coefficients[first * kernels.count + vector] * kernels[vector])
            }
            sum += Double(offsets[pair])
            scores.append(Float(sum))
            votes[sum > 0 ? first : second] += 1
        }
        return (scores, votes)
    }

    /// The probability of each class, coupled from those of the pairs (Wu, Lin and Weng, 2004, method 2).
    func probabilities(_ scores: [Float]) -> [Float] {
        var pairwise = [Double](repeating: 0, count: classes * classes)
        for (pair, (first, second)) in pairs.enumerated() {
            let logit = scores[pair] * slopes[pair] + intercepts[pair]
            let probability = Double(min(max(1 - ScoreTransform.logistic(logit), 1e-7), 1 - 1e-7))
            pairwise[first * classes + second] = probability
            pairwise[second * classes + first] = 1 - probability
        }
        return couple(pairwise).map { Float($0) }
    }

    private func couple(_ pairwise: [Double]) -> [Double] {
        var q = [Double](repeating: 0, count: classes * classes)
        for i in 0..<classes {
            for j in 0..<classes where j != i {
                q[i * classes + i] += pairwise[j * classes + i] * pairwise[j * classes + i]
                q[i * classes + j] = -pairwise[j * classes + i] * pairwise[i * classes + j]
            }
        }
        var p = [Double](repeating: 1 / Double(classes), count: classes)
        for _ in 0..<100 {
            var qp = (0..<classes).map { i in (0..<classes).reduce(0) { $0 + q[i * classes + $1] * p[$1] } }
            var total = zip(p, qp).reduce(0) { $0 + $1.0 * $1.1 }
            guard (qp.map { abs($0 - total) }.max() ?? 0) >= 0.005 / Double(classes) else { break }
            for i in 0..<classes {
                let step = (total - qp[i]) / q[i * classes + i]
                p[i] += step
                total = (total + step * (step * q[i * classes + i] + 2 * qp[i])) / (1 + step) / (1 + step)
                for j in 0..<classes {
                    qp[j] = (qp[j] + step * q[i * classes + j]) / (1 + step)
                    p[j] /= 1 + step
                }
            }
        }
        return p
    }
}
