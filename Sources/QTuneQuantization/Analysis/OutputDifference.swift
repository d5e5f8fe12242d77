public import QTuneTensor

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How far a network's outputs are from those of the float network, over any number of samples. In every figure lower
/// is better and 0 means equal.
public struct OutputDifference: Sendable, Equatable, Codable {
    public private(set) var samples = 0
    private var divergenceSum = 0.0
    private var cosineSum = 0.0
    private var squaredErrorSum = 0.0
    private var disagreements = 0

    public init() {}

    /// Mean Kullback-Leibler divergence from the float network's class probabilities, in nats. Where the float
    /// network's outputs are no probabilities, both go through a softmax first.
    public var divergence: Double { mean(divergenceSum) }
    /// Mean of 1 - cosine of the angle between the outputs.
    public var cosineDistance: Double { mean(cosineSum) }
    /// Mean squared difference of an element.
    public var meanSquaredError: Double { mean(squaredErrorSum) }
    /// The share of samples whose best class differs.
    public var disagreement: Double { mean(Double(disagreements)) }

    private func mean(_ sum: Double) -> Double { samples == 0 ? 0 : sum / Double(samples) }

    /// Stands for a figure that is no number or infinite: worse than any that is, and still a number in JSON.
    private static let worst = 1e30

    /// Adds the samples along the first axis of float32 outputs.
    public mutating func add(reference: Tensor, _ output: Tensor) throws {
        guard reference.dtype == .float32, output.dtype == .float32, reference.shape == output.shape,
            reference.count > 0
        else {
            throw QTuneError(
                .invalidInput,
                "\(output.dtype)\(output.shape) cannot be compared with \(reference.dtype)\(reference.shape)")
        }
        let count = reference.shape.rank < 2 ? 1 : reference.shape[0]
        let size = reference.count / count
        let left = reference.array(of: Float.self)
        let right = output.array(of: Float.self)
        for sample in 0..<count {
            let range = sample * size..<(sample + 1) * size
            add(left[range].map(Double.init), right[range].map(Double.init))
        }
    }

    private mutating func add(_ reference: [Double], _ output: [Double]) {
        samples += 1
        // Nothing to add, infinite elements included, of which the figures below make no number.
        guard reference != output else { return }
        let (p, q) = Self.probabilities(reference, output)
        var dot = 0.0
        var left = 0.0
        var right = 0.0
        var squares = 0.0
        var divergence = 0.0
        for index in reference.indices {
            dot += reference[index] * output[index]
            left += reference[index] * reference[index]
            right += output[index] * output[index]
            squares += (reference[index] - output[index]) * (reference[index] - output[index])
            if p[index] > 0 { divergence += p[index] * log(p[index] / max(q[index], 1e-30)) }
        }
        let norms = (left * right).squareRoot()
        let cosineDistance = norms == 0 ? (left == right ? 0 : 1) : 1 - dot / norms
        // 2 is the distance of opposite outputs.
        cosineSum += cosineDistance.isFinite ? max(0, cosineDistance) : 2
        squaredErrorSum += squares.isFinite ? squares / Double(reference.count) : Self.worst
        divergenceSum += divergence.isFinite && q.allSatisfy(\.isFinite) ? max(0, divergence) : Self.worst
        if Self.best(reference) != Self.best(output) { disagreements += 1 }
    }

    /// Both outputs as probabilities. The reference alone decides whether they are some already: an output that misses
    /// the sum of 1 must not be treated in another way than what it is compared with.
    private static func probabilities(_ reference: [Double], _ output: [Double]) -> ([Double], [Double]) {
        let areProbabilities = abs(reference.reduce(0, +) - 1) < 1e-2 && reference.allSatisfy { $0 >= 0 }
        return areProbabilities ? (shares(reference), shares(output)) : (softmax(reference), softmax(output))
    }

    /// Each value's share of their sum, negative ones taken as 0; equal shares where nothing is above 0, as
    /// when coarse integers round every probability away.
    private static func shares(_ values: [Double]) -> [Double] {
        let clipped = values.map { $0 < 0 ? 0 : $0 }
        let sum = clipped.reduce(0, +)
        return clipped.map { sum == 0 ? 1 / Double(values.count) : $0 / sum }
    }

    private static func softmax(_ values: [Double]) -> [Double] {
        let largest = values.max() ?? 0
        let exponentials = values.map { exp($0 - largest) }
        let total = exponentials.reduce(0, +)
        return exponentials.map { $0 / total }
    }

    /// The place of the largest value, the first of equals; nil where one is no number.
    private static func best(_ values: [Double]) -> Int? {
        guard !values.contains(where: \.isNaN) else { return nil }
        return values.indices.max { (values[$0], $1) < (values[$1], $0) }
    }
}
