import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

/// One convolution to try; lengths are chosen to miss and to meet the tiles of every kernel.
struct FloatConvolutionCase: Sendable, CustomTestStringConvertible {
    var batch = 1
    var size: (Int, Int)
    var channels: (Int, Int)
    var groups = 1
    var kernel = (1, 1)
    var stride = (1, 1)
    var dilation = (1, 1)
    var padding = Padding2D.none
    var activation = Activation.none
    var hasBias = true
    var hasResidual = false

    var shape: ConvolutionShape {
        ConvolutionShape(
            batch: batch, inputHeight: size.0, inputWidth: size.1, inputChannels: channels.0,
            outputChannels: channels.1, groups: groups,
            window: SlidingWindow(
                kernel: Extent2D(height: kernel.0, width: kernel.1),
                stride: Extent2D(height: stride.0, width: stride.1),
                dilation: Extent2D(height: dilation.0, width: dilation.1), padding: padding))
    }

    /// Whether it is done by Winograd's transforms, whose errors go with the largest output.
    var isTransformed: Bool {
        groups == 1 && kernel == (3, 3) && stride == (1, 1) && dilation == (1, 1) && min(channels.0, channels.1) >= 16
    }

    var testDescription: String {
        "\(batch)x\(size.0)x\(size.1) \(channels.0)->\(channels.1)/\(groups) \(kernel) stride \(stride) "
            + "dilation \(dilation) \(padding) \(activation)"
    }

    static let pointwise: [FloatConvolutionCase] = [1, 3, 5, 16, 17, 31, 33, 47, 48, 49, 96].flatMap { outputs in
        [1, 5, 33].map { inputs in
            FloatConvolutionCase(size: (3, 5), channels: (inputs, outputs), activation: .relu)
        }
    }

    static let rows: [FloatConvolutionCase] = [1, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 97].map {
        FloatConvolutionCase(size: (1, $0), channels: (19, 37), hasResidual: true)
    }

    /// Groups of a few channels, as many outputs as inputs, that do and do not fill registers.
    static let narrowGroups: [FloatConvolutionCase] = [(2, 34), (4, 4), (4, 36), (8, 8), (8, 40)].flatMap {
        width, channels in
        [
            FloatConvolutionCase(
                size: (7, 19), channels: (channels, channels), groups: channels / width, kernel: (3, 3),
                padding: Padding2D(all: 1), activation: .relu, hasResidual: true),
            FloatConvolutionCase(
                batch: 2, size: (6, 5), channels: (channels, channels), groups: channels / width, kernel: (2, 3),
                stride: (2, 1), dilation: (1, 2), padding: Padding2D(top: 0, left: 2, bottom: 1, right: 0),
                activation: .sigmoid, hasBias: false),
        ]
    }

    static let general: [FloatConvolutionCase] = [
        FloatConvolutionCase(
            size: (11, 13), channels: (3, 17), kernel: (7, 7), stride: (2, 2), padding: Padding2D(all: 3)),
        FloatConvolutionCase(
            size: (9, 8), channels: (3, 33), kernel: (3, 3), stride: (2, 2), padding: Padding2D(all: 1)),
        FloatConvolutionCase(
            batch: 2, size: (7, 6), channels: (5, 16), kernel: (3, 3),
            padding: Padding2D(top: 0, left: 1, bottom: 2, right: 0)),
        FloatConvolutionCase(
            size: (10, 10), channels: (17, 31), kernel: (3, 3), padding: Padding2D(all: 1), hasBias: false),
        FloatConvolutionCase(size: (12, 9), channels: (24, 20), kernel: (3, 3)),
        FloatConvolutionCase(
            size: (12, 11), channels: (18, 5), kernel: (3, 3), dilation: (2, 3), padding: Padding2D(all: 2),
            hasResidual: true),
        FloatConvolutionCase(size: (5, 5), channels: (20, 50), kernel: (1, 1), stride: (2, 2)),
        FloatConvolutionCase(
            size: (6, 7), channels: (4, 9), kernel: (1, 3), padding: Padding2D(top: 0, left: 1, bottom: 0, right: 1)),
        FloatConvolutionCase(
            size: (6, 7), channels: (40, 9), kernel: (5, 1), padding: Padding2D(top: 2, left: 0, bottom: 2, right: 0)),
        FloatConvolutionCase(
            size: (6, 7), channels: (20, 9), kernel: (3, 1), padding: Padding2D(top: 1, left: 0, bottom: 1, right: 3)),
        FloatConvolutionCase(
            batch: 2, size: (9, 11), channels: (20, 9), kernel: (1, 1), stride: (2, 3),
            padding: Padding2D(top: 2, left: 0, bottom: 3, right: 0)),
        FloatConvolutionCase(size: (2, 2), channels: (33, 3), kernel: (5, 5), padding: Padding2D(all: 4)),
        FloatConvolutionCase(size: (1, 1), channels: (1, 1), kernel: (3, 3), padding: Padding2D(all: 1)),
        FloatConvolutionCase(
            size: (8, 8), channels: (64, 64), kernel: (3, 3), padding: Padding2D(all: 1), activation: .relu,
            hasResidual: true),
    ]

    /// 3x3 with stride 1 and channels enough for transforms: squares at every edge, one and several blocks of them.
    static let winograd: [FloatConvolutionCase] =
        [(1, 1), (2, 3), (4, 4), (5, 9), (7, 7), (13, 14)].flatMap { size in
            [(16, 16), (17, 49), (35, 16)].map { channels in
                FloatConvolutionCase(
                    size: size, channels: channels, kernel: (3, 3), padding: Padding2D(all: 1), activation: .relu,
                    hasResidual: size.0 % 2 == 1)
            }
        } + [
            FloatConvolutionCase(
                batch: 3, size: (6, 11), channels: (20, 97), kernel: (3, 3),
                padding: Padding2D(top: 0, left: 2, bottom: 3, right: 1), activation: .gelu, hasBias: false),
            FloatConvolutionCase(
                size: (3, 19), channels: (33, 31), kernel: (3, 3), activation: .silu, hasResidual: true),
        ]

    static let grouped: [FloatConvolutionCase] = [
        FloatConvolutionCase(size: (6, 6), channels: (8, 12), groups: 4, kernel: (3, 3), padding: Padding2D(all: 1)),
        FloatConvolutionCase(
            batch: 2, size: (5, 4), channels: (32, 34), groups: 2, kernel: (3, 3), stride: (2, 1),
            padding: Padding2D(all: 1), hasResidual: true),
        FloatConvolutionCase(size: (5, 5), channels: (3, 6), groups: 3, kernel: (3, 3), padding: Padding2D(all: 1)),
        FloatConvolutionCase(size: (4, 4), channels: (48, 96), groups: 3, activation: .silu),
    ]

    static let depthwise: [FloatConvolutionCase] =
        [2, 3, 5, 8, 15, 16, 17, 31, 33, 96].flatMap { channels in
            [
                FloatConvolutionCase(
                    size: (9, 14), channels: (channels, channels), groups: channels, kernel: (3, 3),
                    padding: Padding2D(all: 1), activation: .clamp(lower: 0, upper: 1), hasResidual: channels % 2 == 0),
                FloatConvolutionCase(
                    size: (9, 17), channels: (channels, channels), groups: channels, kernel: (3, 3), stride: (2, 2),
                    padding: Padding2D(top: 0, left: 0, bottom: 1, right: 1)),
            ]
        } + [
            FloatConvolutionCase(
                batch: 2, size: (11, 23), channels: (20, 20), groups: 20, kernel: (5, 5), padding: Padding2D(all: 2)),
            FloatConvolutionCase(
                size: (11, 23), channels: (18, 18), groups: 18, kernel: (5, 5), stride: (2, 2),
                padding: Padding2D(all: 2),
                hasResidual: true),
            FloatConvolutionCase(
                size: (12, 19), channels: (16, 16), groups: 16, kernel: (3, 3), dilation: (2, 2),
                padding: Padding2D(all: 2)),
            FloatConvolutionCase(
                size: (12, 19), channels: (40, 40), groups: 40, kernel: (3, 2), stride: (1, 3), dilation: (1, 4),
                padding: Padding2D(top: 3, left: 5, bottom: 0, right: 1), activation: .hardSwish, hasBias: false),
            FloatConvolutionCase(size: (2, 2), channels: (7, 7), groups: 7, kernel: (7, 7), padding: Padding2D(all: 5)),
            FloatConvolutionCase(size: (5, 6), channels: (9, 9), groups: 9, kernel: (1, 1)),
            FloatConvolutionCase(
                size: (7, 7), channels: (35, 35), groups: 35, kernel: (5, 5), stride: (2, 2),
                padding: Padding2D(all: 2)),
            FloatConvolutionCase(
                size: (6, 2), channels: (19, 19), groups: 19, kernel: (3, 3), stride: (1, 2),
                padding: Padding2D(all: 1)),
        ] + bands

    /// Bands of every number of rows, images narrower than a window, padding wider than one.
    static let bands: [FloatConvolutionCase] =
        [(1, 1), (2, 3), (3, 2), (4, 5), (5, 4), (6, 9), (7, 8), (8, 1)].flatMap { size in
            [(3, 1), (3, 2), (5, 1), (5, 2)].map { side, stride in
                FloatConvolutionCase(
                    batch: 2, size: size, channels: (37, 37), groups: 37, kernel: (side, side),
                    stride: (stride, stride),
                    padding: Padding2D(top: side / 2, left: side + 1, bottom: side, right: side / 2),
                    activation: stride == 1 ? .clamp(lower: -1, upper: 1) : .silu, hasResidual: side == 3)
            }
        }

    static let activations: [FloatConvolutionCase] = [
        Activation.none, .relu, .clamp(lower: -0.5, upper: 0.25), .leakyReLU(slope: 0.1), .sigmoid, .tanh, .silu,
        .hardSwish, .gelu, .geluTanh,
    ].map { FloatConvolutionCase(size: (5, 7), channels: (6, 53), kernel: (3, 3), activation: $0, hasResidual: true) }

    static let all = pointwise + rows + general + winograd + grouped + narrowGroups + depthwise + activations
}

struct FloatConvolutionTests {
    /// Sums of at most a thousand terms of size 1 in float32; measured errors are below a tenth of this.
    static let tolerance = 2e-5
    /// Transforms lose more than a sum of products does, but stay within a few units in the last place of the largest
    /// output: measured are 2.3e-6 of it in squares of 4 and 0.9e-6 in squares of 2, which 512x512 channels take.
    static let transformTolerance = 4e-6

    @Test(arguments: CPUTier.available)
    func agreesWithTheSumOfProducts(tier: CPUTier) throws {
        let (one, three) = (ThreadPool(threads: 1), ThreadPool(threads: 3))
        for (seed, testCase) in FloatConvolutionCase.all.enumerated() {
            let shape = testCase.shape
            var numbers = SeededGenerator(seed: UInt64(seed + 1))
            let input = numbers.floats([shape.batch, shape.inputHeight, shape.inputWidth, shape.inputChannels])
            let weights = numbers.floats(
                [shape.outputChannels, shape.inputChannelsPerGroup, shape.kernel.height, shape.kernel.width])
            let bias = testCase.hasBias ? numbers.floats([shape.outputChannels]) : nil
            let outputShape: Shape = [shape.batch, shape.outputHeight, shape.outputWidth, shape.outputChannels]
            let residual = testCase.hasResidual ? numbers.floats(outputShape) : nil
            let convolution = try FloatConvolution(
                weights: weights, bias: bias, groups: shape.groups, stride: shape.stride, dilation: shape.dilation,
                activation: testCase.activation, tier: tier)
            let output = Tensor.poisoned(outputShape)
            convolution.run(input, padding: shape.padding, residual: residual, into: output, pool: one)
            let expected = referenceConvolution(
                input, weights, bias: bias, residual: residual, shape: shape,
                activation: testCase.activation.reference)
            let isClose =
                testCase.isTransformed
                ? errorOfLargest(output.floats, expected) < Self.transformTolerance
                : largestError(output.floats, expected) < Self.tolerance
            let error = largestError(output.floats, expected)
            #expect(isClose, "\(testCase.testDescription): \(error)")
            let threaded = Tensor.poisoned(outputShape)
            convolution.run(input, padding: shape.padding, residual: residual, into: threaded, pool: three)
            #expect(threaded == output, "\(testCase.testDescription): threads change bits")
        }
    }

    @Test(arguments: CPUTier.available)
    func transformsKeepToTheLargestOutput(tier: CPUTier) throws {
        for (inputs, outputs) in [(64, 64), (200, 48), (512, 513)] {
            let testCase = FloatConvolutionCase(
                size: (6, 5), channels: (inputs, outputs), kernel: (3, 3), padding: Padding2D(all: 1))
            var numbers = SeededGenerator(seed: UInt64(inputs))
            let input = numbers.floats([1, 6, 5, inputs])
            let weights = numbers.floats([outputs, inputs, 3, 3])
            let convolution = try FloatConvolution(weights: weights, tier: tier)
            let output = Tensor.poisoned([1, 6, 5, outputs])
            convolution.run(input, padding: Padding2D(all: 1), into: output, pool: ThreadPool(threads: 2))
            let expected = referenceConvolution(
                input, weights, bias: nil, residual: nil, shape: testCase.shape, activation: { $0 })
            let error = errorOfLargest(output.floats, expected)
            #expect(error < Self.transformTolerance, "\(testCase.testDescription): \(error)")
        }
    }

    /// Large enough for several blocks of rows and panels, and for threads to get parts of their own.
    @Test(arguments: CPUTier.available)
    func keepsItsBitsWithAnyNumberOfThreads(tier: CPUTier) throws {
        var numbers = SeededGenerator(seed: 7)
        let input = numbers.floats([1, 40, 41, 67])
        let weights = numbers.floats([101, 67, 3, 3])
        let convolution = try FloatConvolution(weights: weights, activation: .relu, tier: tier)
        let outputs = [1, 2, 3, 5].map { threads in
            let output = Tensor.poisoned([1, 40, 41, 101])
            convolution.run(input, padding: Padding2D(all: 1), into: output, pool: ThreadPool(threads: threads))
            return output
        }
        for output in outputs.dropFirst() { #expect(output == outputs[0]) }
        #expect(!outputs[0].floats.contains { $0.isNaN })
    }

    @Test(arguments: CPUTier.available)
    func keepsNaNThroughTheClamp(tier: CPUTier) throws {
        let input = Tensor([Float.nan, 1], shape: [1, 1, 2, 1])
        let convolution = try FloatConvolution(
            weights: Tensor([Float](repeating: 1, count: 20), shape: [20, 1, 1, 1]), activation: .relu, tier: tier)
        let output = Tensor.poisoned([1, 1, 2, 20])
        convolution.run(input, into: output, pool: ThreadPool(threads: 1))
        #expect(output.floats.prefix(20).allSatisfy { $0.isNaN })
        #expect(output.floats.suffix(20).allSatisfy { $0 == 1 })
    }

    @Test func refusesWhatDoesNotFit() {
        #expect(throws: QTuneError.self) { try FloatConvolution(weights: Tensor(zeros: .float32, shape: [4, 3, 3])) }
        #expect(throws: QTuneError.self) {
            try FloatConvolution(weights: Tensor(zeros: .float32, shape: [4, 3, 3, 3]), groups: 3)
        }
        #expect(throws: QTuneError.self) {
            try FloatConvolution(
                weights: Tensor(zeros: .float32, shape: [4, 3, 3, 3]), bias: Tensor(zeros: .float32, shape: [3]))
        }
    }
}

extension Activation {
    /// The function in double precision.
    func reference(_ x: Double) -> Double {
        switch self {
        case .none: x
        case .clamp(let lower, let upper): min(max(x, Double(lower)), Double(upper))
        case .leakyReLU(let slope): x < 0 ? Double(slope) * x : x
        case .sigmoid: ScalarReference.sigmoid(x)
        case .tanh: ScalarReference.tanh(x)
        case .silu: x * ScalarReference.sigmoid(x)
        case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
        case .gelu: ScalarReference.gelu(x)
        case .geluTanh: ScalarReference.geluTanh(x)
        }
    }
}
