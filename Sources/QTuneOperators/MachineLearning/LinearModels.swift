import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The scores of a linear model: one dot product with the features for each target, plus an intercept.
struct LinearScores: Sendable {
    let targets: Int
    private let coefficients: Tensor
    private let intercepts: [Float]

    /// - Parameter targets: rows of `coefficients`, each of which has a coefficient for each feature.
    init(coefficients: [Float], intercepts: [Float], targets: Int) throws {
        guard targets > 0, !coefficients.isEmpty, coefficients.count.isMultiple(of: targets),
            intercepts.isEmpty || intercepts.count == targets
        else {
            throw QTuneError(
                .invalidModel,
                "\(coefficients.count) coefficients and \(intercepts.count) intercepts for \(targets) targets")
        }
        self.targets = targets
        self.intercepts = intercepts.isEmpty ? [Float](repeating: 0, count: targets) : intercepts
        self.coefficients = Tensor(coefficients, shape: [targets, coefficients.count / targets])
    }

    /// The scores of `samples`, [samples, targets], row-major.
    func scores(of samples: Tensor, pool: ThreadPool) throws -> [Float] {
        let rows = try FeatureRows(samples.shape)
        guard rows.features == coefficients.shape[1] else {
            throw QTuneError(.invalidInput, "\(rows.features) features for a model of \(coefficients.shape[1])")
        }
        let output = try EvaluationContext.fresh(.float32, checkedShape([rows.count, targets], operand: "the scores"))
        QTuneKernels.Gemm.multiply(
            m: rows.count, n: targets, k: rows.features, a: try samples.asFloat32(), b: coefficients, transposeB: true,
            c: output, pool: pool)
        output.withMutableSpan(of: Float.self) { scores in
            for index in scores.indices { scores[index] += intercepts[index % targets] }
        }
        return output.array(of: Float.self)
    }
}

/// Classes by linear scores: that of the largest score, or by the sign of the only one. Gives the labels and the
/// scores.
struct LinearClassifier: MachineLearningOperator {
    static let name = "LinearClassifier"

    private let model: LinearScores
    private let labels: ClassLabels
    private let transform: ScoreTransform
    /// Whether one score stands for two classes.
    private let addsClass: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1, outputs: 1...2)
        let intercepts = try node.floats("intercepts") ?? []
        let labels = try ClassLabels.required(node, integers: "classlabels_ints", strings: "classlabels_strings")
        let coefficients = try node.required("coefficients", try node.floats("coefficients"))
        model = try LinearScores(
            coefficients: coefficients, intercepts: intercepts,
            targets: intercepts.isEmpty ? labels.count : intercepts.count)
        transform = try ScoreTransform(node)
        addsClass = model.targets == 1 && labels.count == 2
        guard model.targets == 1 || labels.count >= model.targets else {
            throw QTuneError(.invalidModel, "\(labels.count) labels for \(model.targets) scores")
        }
        self.labels = model.targets == 1 ? labels.decision : labels
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let count = FeatureRows.inferCount(context[0])
        return [
            .tensor(labels.dtype, [count]), .tensor(.float32, [count, .fixed(addsClass ? 2 : model.targets)]),
        ]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let scores = try model.scores(of: try context.tensor(0), pool: context.pool)
        let count = scores.count / model.targets
        var (places, results): ([Int], [Float]) = ([], [])
        for sample in 0..<count {
            var row = Array(scores[sample * model.targets..<(sample + 1) * model.targets])
            places.append(model.targets == 1 ? (row[0] > 0 ? 1 : 0) : row.largestIndex)
            if addsClass {
                row = transform.complete(row[0], isProbability: true)
            } else if model.targets > 1 || transform == .probit {
                transform.apply(to: &row)
            }
            results += row
        }
        let shape: Shape = [count, addsClass ? 2 : model.targets]
        return [.tensor(labels.tensor(at: places)), .tensor(Tensor(results, shape: shape))]
    }
}

/// A linear score for each target.
struct LinearRegressor: MachineLearningOperator {
    static let name = "LinearRegressor"

    private let model: LinearScores
    private let transform: ScoreTransform

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        model = try LinearScores(
            coefficients: try node.floats("coefficients") ?? [], intercepts: try node.floats("intercepts") ?? [],
            targets: try node.int("targets") ?? 1)
        transform = try ScoreTransform(node)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.float32, [FeatureRows.inferCount(context[0]), .fixed(model.targets)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        var scores = try model.scores(of: try context.tensor(0), pool: context.pool)
        let count = scores.count / model.targets
        if transform != .none, model.targets > 1 || transform == .probit {
            for sample in 0..<count {
                let range = sample * model.targets..<(sample + 1) * model.targets
                var row = Array(scores[range])
                transform.apply(to: &row)
                scores.replaceSubrange(range, with: row)
            }
        }
        return [.tensor(Tensor(scores, shape: [count, model.targets]))]
    }
}

extension Array where Element: Comparable {
    /// Where the largest element is, the first of equals; 0 of none.
    var largestIndex: Int { indices.dropFirst().reduce(0) { self[$1] > self[$0] ? $1 : $0 } }
}
