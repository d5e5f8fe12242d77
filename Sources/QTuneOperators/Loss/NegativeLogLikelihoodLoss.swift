import QTuneGraph
import QTuneTensor

/// The negative log-probability of each label, weighted and reduced. Operands: log-probabilities [batch, classes, ...],
/// labels [batch, ...], weights of the classes.
struct NegativeLogLikelihoodLoss: Operator {
    static let name = "NegativeLogLikelihoodLoss"
    static let versions = [12, 13, 22]

    private let loss: ClassLoss

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3)
        loss = try ClassLoss(node)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [loss.inferLoss(context)] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let operands = try ClassLossOperands(context)
        return [try loss.evaluate(context, operands, context.tensor(0).widened(to: .real))]
    }
}
