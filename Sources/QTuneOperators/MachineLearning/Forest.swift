import QTuneKernels
import QTuneTensor

/// What an operator makes of the aggregated weights of a sample.
protocol ForestFinish {
    /// - Parameters:
    ///   - sums: one for each target, to be replaced by the scores.
    ///   - given: the targets that a leaf gave a weight to.
    func finish<Real: BinaryFloatingPoint>(_ sample: Int, _ sums: inout [Real], _ given: [Bool])
}

/// Decision trees in the precision that samples and thresholds ask for: float64 where either is, else float32.
struct Forest: Sendable {
    private let single: DecisionForest<Float>?
    private let double: DecisionForest<Double>

    /// - Parameter isDouble: whether thresholds or weights are of double precision.
    init(_ layout: ForestLayout, isDouble: Bool) throws {
        double = try DecisionForest(layout)
        single = isDouble ? nil : try DecisionForest(layout)
    }

    /// The scores of `samples`, [samples, targets], in the precision that they were computed in.
    func evaluate(
        _ samples: Tensor, aggregate: Aggregation, targets: Int, finish: some ForestFinish, pool: ThreadPool
    ) throws -> Tensor {
        if let single, samples.dtype != .float64 {
            return try single.evaluate(
                try samples.asFloat32(), aggregate: aggregate, targets: targets, finish: finish, pool: pool)
        }
        return try double.evaluate(
            try samples.asFloat64(), aggregate: aggregate, targets: targets, finish: finish, pool: pool)
    }
}
