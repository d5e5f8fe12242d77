internal import CQTuneKernels
internal import QTuneTensor

extension KernelBenchmarks {
    /// A convolution of a well-known network.
    struct Layer: Sendable {
        /// `resnet50 3x3 256->256 at 14x14`.
        let name: String
        let shape: ConvolutionShape

        init(name: String, shape: ConvolutionShape) {
            self.name = name
            self.shape = shape
        }

        /// - Parameter size: lengths of the square input image.
        init(
            _ network: String, _ size: Int, _ inputChannels: Int, _ outputChannels: Int, kernel: Int = 1,
            stride: Int = 1, groups: Int = 1
        ) {
            let shape = ConvolutionShape(
                batch: 1, inputHeight: size, inputWidth: size, inputChannels: inputChannels,
                outputChannels: outputChannels, groups: groups,
                window: SlidingWindow(
                    kernel: Extent2D(height: kernel, width: kernel), stride: Extent2D(height: stride, width: stride),
                    padding: Padding2D(all: kernel / 2)))
            self.init(name: "\(network) \(Self.text(shape))", shape: shape)
        }

        private static func depthwise(_ network: String, _ size: Int, _ channels: Int, stride: Int = 1) -> Layer {
            Layer(network, size, channels, channels, kernel: 3, stride: stride, groups: channels)
        }

        static let all: [Layer] = [
            Layer("resnet50", 224, 3, 64, kernel: 7, stride: 2),
            Layer("resnet50", 56, 64, 256),
            Layer("resnet50", 56, 64, 64, kernel: 3),
            Layer("resnet50", 28, 512, 128),
            Layer("resnet50", 28, 128, 128, kernel: 3),
            Layer("resnet50", 14, 1024, 256),
            Layer("resnet50", 14, 256, 256, kernel: 3),
            Layer("resnet50", 7, 2048, 512),
            Layer("resnet50", 7, 512, 512, kernel: 3),
            Layer("resnet50", 1, 2048, 1000),
            Layer("mobilenetv2", 224, 3, 32, kernel: 3, stride: 2),
            Layer("mobilenetv2", 112, 16, 96),
            Layer("mobilenetv2", 56, 24, 144),
            Layer("mobilenetv2", 14, 64, 384),
            Layer("mobilenetv2", 7, 320, 1280),
            depthwise("mobilenetv2", 112, 96, stride: 2),
            depthwise("mobilenetv2", 56, 144),
            depthwise("mobilenetv2", 14, 384),
            depthwise("mobilenetv2", 7, 960),
            Layer("resnext50", 56, 128, 128, kernel: 3, groups: 32),
        ]

        /// A layer for each way that convolutions are done.
        static let representatives = [
            Layer("resnet50", 14, 1024, 256), Layer("resnet50", 28, 128, 128, kernel: 3),
            Layer("resnet50", 7, 512, 512, kernel: 3), depthwise("mobilenetv2", 56, 144),
            Layer("resnext50", 56, 128, 128, kernel: 3, groups: 32),
        ]

        private static func text(_ shape: ConvolutionShape) -> String {
            let kind = shape.isDepthwise ? "depthwise " : shape.groups > 1 ? "in \(shape.groups) groups " : ""
            let stride = shape.stride == .one ? "" : "/\(shape.stride.height)"
            return "\(kind)\(shape.kernel.height)x\(shape.kernel.width)\(stride) "
                + "\(shape.inputChannels)->\(shape.outputChannels) at \(shape.inputHeight)x\(shape.inputWidth)"
        }

        private var inputShape: Shape { [1, shape.inputHeight, shape.inputWidth, shape.inputChannels] }
        private var outputShape: Shape { [1, shape.outputHeight, shape.outputWidth, shape.outputChannels] }
        private var weightShape: Shape {
            [shape.outputChannels, shape.inputChannelsPerGroup, shape.kernel.height, shape.kernel.width]
        }

        /// NHWC in float32 with a ReLU.
        func floatCase(_ tier: CPUTier) -> Case {
            let picked = FloatConvolution.kernel(
                weights: weightShape, groups: shape.groups, stride: shape.stride, dilation: .one, tier: tier)
            return Case(
                "f32 \(name)", family: picked.family, tier: tier, kernel: picked.name,
                operations: 2 * shape.multiplyAccumulates, ceiling: .float
            ) {
                let convolution = try FloatConvolution(
                    weights: Samples.floats(weightShape), bias: Samples.floats([shape.outputChannels]),
                    groups: shape.groups, stride: shape.stride,
                    activation: .clamp(lower: 0, upper: .infinity), tier: tier)
                let (input, output) = (Samples.floats(inputShape), Tensor(zeros: .float32, shape: outputShape))
                let pool = ThreadPool(threads: 1)
                return { convolution.run(input, padding: shape.padding, into: output, pool: pool) }
            }
        }

        /// NHWC in uint8 with int8 weights, scales for each channel, uint8 out.
        func integerCase(_ tier: CPUTier) -> Case {
            let picked = IntegerConvolution.kernel(
                weights: weightShape, groups: shape.groups, stride: shape.stride, dilation: .one, tier: tier)
            return Case(
                "int8 \(name)", family: picked.family, tier: tier, kernel: picked.name,
                operations: 2 * shape.multiplyAccumulates, ceiling: .integer
            ) {
                let multipliers = [Float](repeating: 0.001, count: shape.outputChannels)
                let convolution = try IntegerConvolution(
                    weights: Samples.bytes(weightShape).reinterpreted(as: .int8),
                    bias: [Int32](repeating: 7, count: shape.outputChannels), inputType: .uint8, inputZeroPoint: 121,
                    groups: shape.groups, stride: shape.stride,
                    epilogue: .requantize(Requantization(multipliers: multipliers, zeroPoint: 3, dtype: .uint8)),
                    tier: tier)
                let (input, output) = (Samples.bytes(inputShape), Tensor(zeros: .uint8, shape: outputShape))
                let pool = ThreadPool(threads: 1)
                return { convolution.run(input, padding: shape.padding, into: output, pool: pool) }
            }
        }
    }

    /// Numbers that are spread over their range, the same on every machine.
    enum Samples {
        static func floats(_ shape: Shape) -> Tensor {
            Tensor(words(shape.elementCount).map { Float($0) / 128 - 1 }, shape: shape)
        }

        static func bytes(_ shape: Shape) -> Tensor { Tensor(words(shape.elementCount), shape: shape) }

        private static func words(_ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
        }
    }
}
