extension OperatorCategories {
    /// Changes of resolution.
    static let resampling: [any Operator.Type] = [
        Resize.self,
        Upsample.self,
    ]
}
