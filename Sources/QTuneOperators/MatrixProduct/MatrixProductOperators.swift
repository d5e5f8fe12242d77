extension OperatorCategories {
    /// Products of matrices.
    static let matrixProduct: [any Operator.Type] = [
        Det.self,
        Einsum.self,
        Gemm.self,
        MatMul.self,
    ]
}
