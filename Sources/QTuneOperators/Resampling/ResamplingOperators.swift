extension OperatorCategories {
    /// Changes of resolution.
    static let resampling: [any Operator.Type] = [
        AffineGrid.self,
        GridSample.self,
        Resize.self,
        Upsample.self,
    ]
}
