extension OperatorCategories {
    /// Normalizations by statistics and by sums of exponentials.
    static let normalization: [any Operator.Type] = [
        BatchNormalization.self,
        GroupNormalization.self,
        Hardmax.self,
        InstanceNormalization.self,
        LayerNormalization.self,
        LogSoftmax.self,
        LRN.self,
        LpNormalization.self,
        MeanVarianceNormalization.self,
        RMSNormalization.self,
        Softmax.self,
    ]
}
