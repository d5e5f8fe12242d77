extension OperatorCategories {
    /// Layers that run over sequences step by step.
    static let recurrent: [any Operator.Type] = [
        GRU.self,
        LSTM.self,
        RNN.self,
    ]
}
