internal import CQTuneKernels
package import QTuneTensor

/// The constant right operand of integer matrix products, packed once: `a` [M, K] in u8 or s8 times `b` [K, N] in s8
/// or u8, exact in int32 (sums wrap), followed by an epilogue.
package final class IntegerMatrix: Sendable {
    /// K.
    package let depth: Int
    /// N.
    package let columns: Int
    package let inputType: DType
    /// The element type that `run` writes.
    package var outputType: DType { epilogue.outputType }

    private let product: IntegerProduct
    private let epilogue: IntegerEpilogue
    private let stages: ChannelStages

    /// The row of the kernels' table that does the work.
    var kernelName: String { product.kernelName }

    /// - Parameters:
    ///   - b: [K, N], or [N, K] where `transposed`; `int8` or `uint8`.
    ///   - weightZeroPoints: one value, or one for each column.
    ///   - bias: int32, in units of input scale times weight scale, one for each column.
    ///   - inputType: `uint8` or `int8`.
    ///   - areLasting: whether the weights are those of a network, as against what one run multiplies by.
    package init(
        _ b: Tensor, transposed: Bool = false, weightZeroPoints: [Int32] = [0], bias: [Int32]? = nil, inputType: DType,
        inputZeroPoint: Int32, epilogue: IntegerEpilogue, areLasting: Bool = false, tier: CPUTier? = nil
    ) throws {
        guard b.shape.rank == 2, !epilogue.adds else {
            throw QTuneError(.unsupported, "an integer product with weights of shape \(b.shape), or with an addition")
        }
        depth = b.shape[transposed ? 1 : 0]
        columns = b.shape[transposed ? 0 : 1]
        try IntegerOperands.validate(
            weights: b.dtype, weightZeroPoints: weightZeroPoints, bias: bias, input: inputType,
            inputZeroPoint: inputZeroPoint, channels: columns)
        try epilogue.validate(channels: columns)
        let flip = IntegerOperands.flip(weights: b.dtype)
        let ordered = TensorStorage(byteCount: depth * columns)
        let target = ordered.base.assumingMemoryBound(to: Int8.self)
        if transposed {
            qt_integer_weights_order(b.weightBytes, flip, columns, depth, 1, target)
        } else {
            qt_integer_weights_transpose(b.weightBytes, flip, depth, columns, target)
        }
        extendLifetime(b)
        product = IntegerProduct(
            weights: ordered, columns: columns, depth: depth,
            weightZeroPoints: weightZeroPoints.map { $0 - Int32(flip) }, bias: bias,
            areLasting: areLasting, tier: try tier ?? CPUTier.current)
        self.inputType = inputType
        self.epilogue = epilogue
        let flipped = Int32(IntegerOperands.flip(activations: inputType))
        let stage = ChannelStage(
            PreparedEpilogue(epilogue, channels: columns, for: nil), offsets: product.offsets,
            inputZeroPoint: inputZeroPoint + flipped)
        stages = ChannelStages([stage], inputZeroPoint: inputZeroPoint, flip: flipped)
    }

    /// Multiplies the rows of `a` [..., K] into `output` [..., N].
    /// - Parameter findsRange: whether to give the range of the output, which is float32.
    @discardableResult
    package func run(_ a: Tensor, into output: Tensor, findsRange: Bool = false, pool: ThreadPool) -> RealRange? {
        kernel(a, outputCount: output.count, outputType: output.dtype, findsRange: findsRange, pool: pool)
            .run(nil, into: output)
    }

    /// The same for an input whose zero point, and whose scale if it is given, are known only now. The scale multiplies
    /// the scales of the epilogue.
    @discardableResult
    package func run(
        _ a: Tensor, inputZeroPoint: Int32, inputScale: Float?, into output: Tensor, findsRange: Bool = false,
        pool: ThreadPool
    ) -> RealRange? {
        kernel(a, outputCount: output.count, outputType: output.dtype, findsRange: findsRange, pool: pool)
            .run((inputZeroPoint, inputScale), into: output)
    }

    /// The product of rows that lie in the same memory each time.
    /// - Parameters:
    ///   - a: [..., K].
    ///   - input: where the zero point and the scale of `a` lie.
    ///   - results: [..., N].
    package func bound(
        _ a: Tensor, quantizedBy input: InputQuantization, into results: IntegerResults, pool: ThreadPool
    ) -> BoundIntegerKernel {
        kernel(
            a, quantizedBy: input, outputCount: results.count, outputType: results.dtype, results: results,
            findsRange: results.needsRange, pool: pool)
    }

    private func kernel(
        _ a: Tensor, quantizedBy input: InputQuantization = .known, outputCount: Int, outputType: DType,
        results: IntegerResults? = nil, findsRange: Bool, pool: ThreadPool
    ) -> BoundIntegerKernel {
        precondition(!findsRange || outputType == .float32, "the range of what is not real")
        precondition(a.dtype == inputType && outputType == self.outputType, "types do not fit")
        let rows = columns == 0 ? 0 : outputCount / columns
        precondition(a.count == rows * depth && outputCount == rows * columns, "shapes do not fit")
        let work = BoundProducts(
            product, rows: rows, of: a.bytes, isSigned: inputType == .int8, outputBytes: outputType.bitWidth / 8,
            findsRange: findsRange, pool: pool)
        return BoundIntegerKernel(
            work, channels: stages.addresses, input: input, results: results, findsRange: findsRange, pool: pool,
            keeping: [self, a])
    }
}
