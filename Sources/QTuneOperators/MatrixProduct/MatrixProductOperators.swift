extension OperatorCategories {
    /// Products of matrices.
    static let matrixProduct: [any Operator.Type] = [
        Gemm.self,
        MatMul.self,
    ]
}
