extension OperatorCategories {
    /// Operators that make tensors from little or nothing.
    static let generation: [any Operator.Type] = [
        RangeOperator.self, EyeLike.self,
        RandomUniform.self, RandomUniformLike.self, RandomNormal.self, RandomNormalLike.self,
        Bernoulli.self, Multinomial.self,
    ]
}
