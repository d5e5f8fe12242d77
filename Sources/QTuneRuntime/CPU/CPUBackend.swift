package import QTuneOperators

/// The processor, with the kernels of `QTuneKernels`.
package struct CPUBackend: Backend {
    package init() {}

    package var name: String { "CPU" }

    package var operators: [any Operator.Type] {
        Self.imageOperators + [
            Activate.self, AveragePool2D.self, ChannelsFirst.self, ChannelsLast.self, Conv2D.self,
            ConvTranspose2D.self, GlobalAveragePool2D.self, HeadAttention.self, IntegerLinear.self,
            InterleaveChannels.self, Linear.self,
            MaxPool2D.self, NormalizeRows.self, QuantizedAdd.self, QuantizedConcat.self, QuantizedLookup.self,
            QuantizedMul.self, RangeQuantize.self, Requantize.self, ScaleShift.self,
        ]
    }

    /// Operators on images of either order, which lowering turns to NHWC.
    package static let imageOperators: [any ImageOperator.Type] = [
        ChannelShuffle.self, IntegerConv2D.self, QuantizedAveragePool2D.self, QuantizedMaxPool2D.self,
    ]

    package var passes: [any Pass] {
        [
            EqualNodeJoining(purpose: "compute once what exporters write at every use: shapes, most often"),
            FusedConvolutionExpansion(purpose: "give convolutions that came fused the passes that others go through"),
            QOperatorExpansion(purpose: "give both forms of quantized networks one way to integer kernels"),
            IntegerAbsorption(purpose: "compute in integers what is quantized on both sides, while both are in sight"),
            IntegerResidualFusion(
                purpose: "add where the kernel stores, in integers too; before lowering, which gives both one order"),
            DynamicAbsorption(purpose: "the same for integers whose scale is found while the network runs"),
            DynamicResidualFusion(purpose: "add where these kernels store; before lowering too"),
            ConstantFolding(
                purpose: "dequantize the weights that stay real, so that lowering finds constants",
                growthBudget: 1 << 30),
            CompositeRecognition(purpose: "find what one kernel does among several nodes, before lowering hides it"),
            GeluRecognition(purpose: "the same for GELU, with the bias before it as a sum that products take over"),
            NormalizationRecognition(purpose: "give normalizations of rows to one kernel; sums before them stay sums"),
            AttentionRecognition(purpose: "make one operator of attention, while its products are general ones"),
            LayoutLowering(purpose: "give images to the NHWC kernels, and keep them in that order"),
            ShuffleFusion(purpose: "shuffle channels where they are joined; NHWC is what makes that one walk"),
            MatrixLowering(purpose: "pack constant matrices"),
            ResidualFusion(purpose: "add where the kernel stores; before activations, which come after the sum"),
            ScaleShiftJoining(
                purpose: "walk once where a product and a sum a channel are left, and activate there too"),
            ActivationFusion(purpose: "activate where the kernel stores"),
            PoolingFusion(
                purpose: "pool what is still in a cache; once lowering chose the pools, and activations are stored"),
            QuantizationBeforePooling(
                purpose: "pick the largest of bytes where no kernel pools; before ranges are asked for"),
            DynamicRangeCarrying(
                purpose: "find the range of real values where they are stored, once it is plain what stores them"),
            ConstantFolding(purpose: "compute what lowering left constant"),
        ]
    }
}
