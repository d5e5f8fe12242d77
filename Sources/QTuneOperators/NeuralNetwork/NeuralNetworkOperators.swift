extension OperatorCategories {
    /// Convolutions, pools and what goes with them.
    static let neuralNetwork: [any Operator.Type] = [
        AveragePool.self,
        Col2Im.self,
        Conv.self,
        ConvTranspose.self,
        DeformConv.self,
        Dropout.self,
        GlobalAveragePool.self,
        GlobalLpPool.self,
        GlobalMaxPool.self,
        LpPool.self,
        MaxPool.self,
        MaxUnpool.self,
    ]
}
