extension OperatorCategories {
    /// Pictures as files hold them.
    static let image: [any Operator.Type] = [
        ImageDecoding.self
    ]
}
