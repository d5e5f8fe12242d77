extension OperatorCategories {
    /// Pictures as files hold them.
    static let image: [any Operator.Type] = [
        ImageDecoder.self
    ]
}
