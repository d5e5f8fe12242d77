extension OperatorCategories {
    /// Attention and what stands beside it in transformers and state-space networks.
    static let attention: [any Operator.Type] = [
        Attention.self,
        CausalConvWithState.self,
        FlexAttention.self,
        LinearAttention.self,
        RotaryEmbedding.self,
    ]
}
