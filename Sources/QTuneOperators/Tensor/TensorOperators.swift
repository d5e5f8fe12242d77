extension OperatorCategories {
    /// Operators that make, move and describe elements without computing with them.
    static let tensor: [any Operator.Type] = [
        Cast.self, CastLike.self, BitCast.self, Constant.self, ConstantOfShape.self, Identity.self,
        ShapeOf.self, SizeOf.self, Reshape.self, Flatten.self, Squeeze.self, Unsqueeze.self, Transpose.self,
        Concat.self, Split.self, Slice.self, Pad.self, Expand.self, Tile.self,
        CenterCropPad.self, TensorScatter.self,
        Gather.self, GatherElements.self, GatherND.self, Scatter.self, ScatterElements.self, ScatterND.self,
        OneHot.self, NonZero.self, Compress.self, Trilu.self, TopK.self, Unique.self,
        ReverseSequence.self, DepthToSpace.self, SpaceToDepth.self,
    ]
}
