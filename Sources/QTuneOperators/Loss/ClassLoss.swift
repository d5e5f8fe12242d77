import QTuneGraph
import QTuneTensor

/// What the losses over classes share: log-probabilities [batch, classes, ...], labels [batch, ...] and, optionally, a
/// weight for each class. The loss of a place is the negative log-probability of its label, times the label's weight.
struct ClassLoss: Sendable {
    private enum Reduction: String { case none, sum, mean }

    private let reduction: Reduction
    /// The label of places that do not count.
    private let ignoredLabel: Int?

    init(_ node: NodeReader) throws {
        let text = try node.string("reduction") ?? "mean"
        guard let reduction = Reduction(rawValue: text) else {
            throw QTuneError(.invalidModel, "attribute 'reduction' is '\(text)'; there are none, sum and mean")
        }
        self.reduction = reduction
        ignoredLabel = try node.int("ignore_index")
    }

    /// What is known of the loss before the network runs.
    func inferLoss(_ context: InferenceContext) -> InferredValue {
        guard reduction == .none else { return .tensor(context[0].dtype, []) }
        let places = context[0].dimensions.map { Array($0.prefix(1) + $0.dropFirst(2)) }
        return .tensor(context[0].dtype, context[1].dimensions ?? places)
    }

    /// The loss, where `logProbabilities` gives those of operand 0 in float64.
    func evaluate(_ context: EvaluationContext, _ operands: ClassLossOperands, _ logProbabilities: Tensor) throws
        -> Value
    {
        let losses = try losses(operands, logProbabilities)
        let shape = reduction == .none ? operands.labelShape : .scalar
        let output = try context.makeOutput(0, operands.dtype, shape)
        output.fill(from: .real) { target in
            target.withMutableSpan(of: Double.self) { target in
                switch reduction {
                case .none: for index in target.indices { target[index] = losses[index].loss }
                case .sum: target[0] = losses.reduce(0) { $0 + $1.loss }
                case .mean: target[0] = losses.reduce(0) { $0 + $1.loss } / losses.reduce(0) { $0 + $1.weight }
                }
            }
        }
        return .tensor(output)
    }

    /// The loss of each place, with the weight that it has in a mean.
    private func losses(_ operands: ClassLossOperands, _ logProbabilities: Tensor) throws -> [(
        loss: Double, weight: Double
    )] {
        let (classes, plane) = (operands.classes, operands.plane)
        return try logProbabilities.withSpan(of: Double.self) { values in
            try operands.labels.enumerated().map { place, label in
                if label == ignoredLabel { return (0, 0) }
                guard (0..<classes).contains(label) else {
                    throw QTuneError(.invalidInput, "label \(label) is none of the \(classes) classes")
                }
                let weight = operands.weights?[label] ?? 1
                let index = (place / plane * classes + label) * plane + place % plane
                return (-values[index] * weight, weight)
            }
        }
    }
}

/// The checked operands of a loss over classes.
struct ClassLossOperands {
    let dtype: DType
    let classes: Int
    /// Places of one image.
    let plane: Int
    let labels: [Int]
    let labelShape: Shape
    let weights: [Double]?

    init(_ context: EvaluationContext) throws {
        let scores = try context.tensor(0)
        let labels = try context.tensor(1)
        let weights = try context.optionalTensor(2)
        let lengths = scores.shape.dimensions
        guard lengths.count >= 2, labels.shape.dimensions == Array(lengths.prefix(1) + lengths.dropFirst(2)) else {
            throw QTuneError(
                .invalidInput,
                "labels of shape \(labels.shape) do not fit scores [batch, classes, ...] of \(scores.shape)")
        }
        guard [.float16, .bfloat16, .float32, .float64].contains(scores.dtype),
            weights?.dtype ?? scores.dtype == scores.dtype,
            labels.dtype == .int64 || labels.dtype == .int32, let integers = labels.integers
        else {
            throw QTuneError(.invalidInput, "a loss of \(scores.dtype) scores and \(labels.dtype) labels")
        }
        guard weights?.count ?? lengths[1] == lengths[1] else {
            throw QTuneError(.invalidInput, "\(weights?.count ?? 0) weights for \(lengths[1]) classes")
        }
        dtype = scores.dtype
        classes = lengths[1]
        plane = max(1, lengths.dropFirst(2).reduce(1, *))
        self.labels = integers
        labelShape = labels.shape
        self.weights = try weights?.doubles()
    }
}
