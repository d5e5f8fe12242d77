extension OperatorCategories {
    /// Operators outside the standard that models in the field use.
    static let contributed: [any Operator.Type] = [
        Affine.self,
        Crop.self,
        DynamicQuantizeMatMul.self,
        ImageScaler.self,
        MatMulIntegerToFloat.self,
        QGemm.self,
        QLinearAdd.self,
        QLinearAveragePool.self,
        QLinearConcat.self,
        QLinearGlobalAveragePool.self,
        QLinearLeakyRelu.self,
        QLinearMul.self,
        QLinearSigmoid.self,
    ]
}
