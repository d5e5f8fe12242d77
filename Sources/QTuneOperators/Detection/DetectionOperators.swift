extension OperatorCategories {
    /// Boxes and regions of images.
    static let detection: [any Operator.Type] = [
        MaxRoiPool.self,
        NonMaxSuppression.self,
        RoiAlign.self,
    ]
}
