extension OperatorCategories {
    /// Losses: how far predictions are from what they should be.
    static let loss: [any Operator.Type] = [
        NegativeLogLikelihoodLoss.self,
        SoftmaxCrossEntropyLoss.self,
    ]
}
