extension OperatorCategories {
    /// Operators that make tensors from little or nothing.
    static let generation: [any Operator.Type] = [
        RangeOperator.self, EyeLike.self, HannWindow.self, HammingWindow.self, BlackmanWindow.self,
    ]
}
