extension OperatorCategories {
    /// Convolutions, pools and what goes with them.
    static let neuralNetwork: [any Operator.Type] = [
        AveragePool.self,
        Conv.self,
        ConvTranspose.self,
        Dropout.self,
        GlobalAveragePool.self,
        GlobalLpPool.self,
        GlobalMaxPool.self,
        LpPool.self,
        MaxPool.self,
    ]
}
