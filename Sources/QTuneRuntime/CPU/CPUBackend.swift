package import QTuneOperators

/// The processor, with the kernels of `QTuneKernels`.
package struct CPUBackend: Backend {
    package init() {}

    package var name: String { "CPU" }

    package var operators: [any Operator.Type] {
        Self.imageOperators + [
            Activate.self, AveragePool2D.self, ChannelsFirst.self, ChannelsLast.self, Conv2D.self,
            GlobalAveragePool2D.self, Linear.self, MaxPool2D.self,
        ]
    }

    /// Operators on images of either order, which lowering turns to NHWC.
    package static let imageOperators: [any ImageOperator.Type] = [ChannelShuffle.self]

    package var passes: [any Pass] {
        [
            CompositeRecognition(purpose: "find what one kernel does among several nodes, before lowering hides it"),
            LayoutLowering(purpose: "give images to the NHWC kernels, and keep them in that order"),
            MatrixLowering(purpose: "pack constant matrices"),
            ResidualFusion(purpose: "add where the kernel stores; before activations, which come after the sum"),
            ActivationFusion(purpose: "activate where the kernel stores"),
            ConstantFolding(purpose: "compute what lowering left constant, dequantized weights included"),
        ]
    }
}
