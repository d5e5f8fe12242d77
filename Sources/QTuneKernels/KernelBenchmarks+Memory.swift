internal import QTuneTensor

extension KernelBenchmarks {
    /// Kernels whose pace memory sets, on the largest inner tensor of resnet50 (256 channels at 56x56).
    static func memoryCases(_ tier: CPUTier) -> [Case] {
        let image: Shape = [1, 56, 56, 256]
        let parameters = QuantizationParameters(dtype: .uint8, scales: [0.0078125], zeroPoints: [128])

        func memoryCase(
            _ name: String, _ family: KernelFamily, from input: @escaping @Sendable () -> Tensor,
            bytes inputBytes: Int = 4 * 56 * 56 * 256, to output: DType = .float32, shape: Shape? = nil,
            _ run: @escaping @Sendable (_ input: Tensor, _ output: Tensor, ThreadPool) -> Void
        ) -> Case {
            let result = shape ?? image
            let bytes = inputBytes + result.elementCount * output.bitWidth / 8
            return Case("\(name) 56x56x256", family: family, tier: tier, operations: bytes, ceiling: .memory) {
                let (x, y, pool) = (input(), Tensor(zeros: output, shape: result), ThreadPool(threads: 1))
                return { run(x, y, pool) }
            }
        }

        let floats: @Sendable () -> Tensor = { Samples.floats(image) }
        let bytes: @Sendable () -> Tensor = { Samples.bytes(image) }
        let elementwise = IntegerKernels.elementwiseFamily
        return [
            memoryCase("sigmoid", FloatKernels.elementwiseFamily, from: floats) {
                Elementwise.unary(.sigmoid, $0, into: $1, pool: $2, tier: tier)
            },
            memoryCase("softmax", FloatKernels.reductionFamily, from: floats) {
                Softmax.runs($0, length: 256, into: $1, pool: $2, tier: tier)
            },
            memoryCase("transpose to NCHW", FloatKernels.transposeFamily, from: floats, shape: [1, 256, 56, 56]) {
                Layout.transpose($0, permutation: [0, 3, 1, 2], into: $1, pool: $2, tier: tier)
            },
            memoryCase(
                "resize to", FloatKernels.resampleFamily, from: { Samples.floats([1, 28, 28, 256]) },
                bytes: 4 * 28 * 28 * 256
            ) {
                let taps = AxisTaps(
                    input: 28, indices: (0..<56).map { [$0 / 2, min(27, $0 / 2 + 1)] },
                    weights: [[Float]](repeating: [0.75, 0.25], count: 56))
                Resampling.interpolate($0, [nil, taps, taps, nil], into: $1, pool: $2, tier: tier)
            },
            memoryCase("first 100 of", FloatKernels.selectionFamily, from: floats, shape: [1, 56, 56, 100]) {
                Selection.first(
                    $0, largest: true, values: $1, places: Tensor(uninitialized: .int64, shape: $1.shape), pool: $2,
                    tier: tier)
            },
            memoryCase("interleave two of", FloatKernels.interleaveFamily, from: floats, shape: [1, 56, 56, 512]) {
                ChannelInterleaving.run($0, $0, into: [$1], pool: $2, tier: tier)
            },
            memoryCase("3x3 maxima of", FloatKernels.windowMaximumFamily, from: floats) {
                let window = SlidingWindow(kernel: Extent2D(height: 3, width: 3), padding: Padding2D(all: 1))
                Pooling.max($0, window: window, into: $1, pool: $2, tier: tier)
            },
            memoryCase("signs of", FloatKernels.elementsFamily, from: floats, to: .bool) {
                let zero = Tensor([Float(0)], shape: [])
                _ = Elements.combine(.less, $0, zero, into: $1, pool: $2, tier: tier)
            },
            memoryCase("quantize", elementwise, from: floats, to: .uint8) {
                IntegerElementwise.quantize($0, parameters, into: $1, pool: $2, tier: tier)
            },
            memoryCase("dequantize", elementwise, from: bytes, bytes: image.elementCount) {
                IntegerElementwise.dequantize($0, parameters, into: $1, pool: $2, tier: tier)
            },
        ]
    }
}
