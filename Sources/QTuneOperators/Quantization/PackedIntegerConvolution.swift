import QTuneKernels
import QTuneTensor

/// A convolution of images and weights of 8 bits, each minus its zero point, by the packed kernels.
struct PackedIntegerConvolution {
    private let kernel: IntegerConvolution
    private let operands: ConvolutionOperands
    private let padding: Padding2D

    /// nil where the kernels do not take such operands.
    /// - Parameters:
    ///   - weightZeroPoints: one, or one for each output channel.
    ///   - bias: int32, one for each output channel.
    init?(
        _ operands: ConvolutionOperands, inputType: DType, zeroPoint: Int32, weights: Tensor,
        weightZeroPoints: [Int32], bias: Tensor?, epilogue: IntegerEpilogue
    ) throws {
        let axes = operands.window.axes
        guard axes.count == 2, inputType.isByte, weights.dtype.isByte, epilogue.outputType != .float32,
            weights.count > 0, operands.output.elementCount > 0, bias?.dtype ?? .int32 == .int32
        else { return nil }
        kernel = try IntegerConvolution(
            weights: weights, weightZeroPoints: weightZeroPoints, bias: bias?.array(of: Int32.self),
            inputType: inputType, inputZeroPoint: zeroPoint, groups: operands.groups,
            stride: Extent2D(height: axes[0].stride, width: axes[1].stride),
            dilation: Extent2D(height: axes[0].dilation, width: axes[1].dilation), epilogue: epilogue)
        padding = Padding2D(
            top: axes[0].padBefore, left: axes[1].padBefore, bottom: axes[0].padAfter, right: axes[1].padAfter)
        self.operands = operands
    }

    /// Convolves `input` [N, C, H, W] into `output` of the operands' shape.
    func run(_ input: Tensor, into output: Tensor, pool: ThreadPool) {
        let (from, to) = (input.shape, operands.output)
        let image = Tensor(uninitialized: input.dtype, shape: [from[0], from[2], from[3], from[1]])
        Layout.transpose(input, permutation: [0, 2, 3, 1], into: image, pool: pool)
        let result = Tensor(uninitialized: kernel.outputType, shape: [to[0], to[2], to[3], to[1]])
        kernel.run(image, padding: padding, into: result, pool: pool)
        Layout.transpose(result, permutation: [0, 3, 1, 2], into: output, pool: pool)
    }
}

/// A product of rows and a matrix of 8 bits, each minus its zero points, by the packed kernels.
struct PackedIntegerProduct {
    private let kernel: IntegerMatrix

    /// nil where the kernels do not take such operands: stacks of matrices, zero points for single rows of `a`.
    init?(_ a: Tensor, aZeroPoint: Tensor?, _ b: Tensor, bZeroPoint: Tensor?, epilogue: IntegerEpilogue) throws {
        let zeroPoint = try aZeroPoint?.smallIntegers() ?? [0]
        let zeroPoints = try bZeroPoint?.smallIntegers() ?? [0]
        guard b.shape.rank == 2, a.dtype.isByte, b.dtype.isByte, a.count > 0, b.count > 0, zeroPoint.count == 1,
            a.shape.dimensions.last == b.shape[0], bZeroPoint?.shape.rank ?? 0 <= 1,
            zeroPoints.count == 1 || zeroPoints.count == b.shape[1]
        else { return nil }
        kernel = try IntegerMatrix(
            b, weightZeroPoints: zeroPoints, inputType: a.dtype, inputZeroPoint: zeroPoint[0], epilogue: epilogue)
    }

    /// Multiplies the rows of `a` into `output`.
    func run(_ a: Tensor, into output: Tensor, pool: ThreadPool) { kernel.run(a, into: output, pool: pool) }
}

extension DType {
    /// Whether this is an integer type of 8 bits.
    var isByte: Bool { self == .uint8 || self == .int8 }
}
