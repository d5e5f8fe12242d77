extension OperatorCategories {
    /// Operators that make, move and describe elements without computing with them.
    static let tensor: [any Operator.Type] = [
        Cast.self, CastLike.self, Constant.self, ConstantOfShape.self, Identity.self,
        ShapeOf.self, SizeOf.self, Reshape.self, Flatten.self, Squeeze.self, Unsqueeze.self, Transpose.self,
        Concat.self, Split.self, Slice.self, Gather.self,
    ]
}
