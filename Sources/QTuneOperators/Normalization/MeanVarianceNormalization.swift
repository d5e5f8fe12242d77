import QTuneGraph
import QTuneTensor

/// `(x - mean) / (sqrt(variance) + 1e-9)` with the statistics over `axes`, which need not be neighbours.
struct MeanVarianceNormalization: Operator {
    static let name = "MeanVarianceNormalization"
    static let versions = [9, 13]

    private let axes: [Int]

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        axes = try node.ints("axes") ?? [0, 2, 3]
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let shape = input.shape
        let reduced = Set(
            try axes.map { axis in
                guard let axis = shape.normalizedAxis(axis) else {
                    throw QTuneError(.invalidInput, "axis \(axis) of \(shape)")
                }
                return axis
            })
        guard input.count > 0 else { return [.tensor(try Tensor.floats([], dtype: input.dtype, shape: shape))] }
        // Each element's number of the statistic it belongs to.
        var cells = [0]
        var cellCount = 1
        for axis in 0..<shape.rank {
            let length = shape[axis]
            let isReduced = reduced.contains(axis)
            cells = cells.flatMap { cell in (0..<length).map { isReduced ? cell : cell * length + $0 } }
            if !isReduced { cellCount *= length }
        }
        let values = try input.doubles()
        let count = Double(max(1, values.count / max(1, cellCount)))
        var means = [Double](repeating: 0, count: cellCount)
        for (cell, value) in zip(cells, values) { means[cell] += value / count }
        var variances = [Double](repeating: 0, count: cellCount)
        for (cell, value) in zip(cells, values) {
            variances[cell] += (value - means[cell]) * (value - means[cell]) / count
        }
        let deviations = variances.map { $0.squareRoot() + 1e-9 }
        let normalized = zip(cells, values).map { ($1 - means[$0]) / deviations[$0] }
        return [.tensor(try Tensor.floats(normalized, dtype: input.dtype, shape: shape))]
    }
}
