package import QTuneTensor

/// An integer convolution of images that lie in the same memory each time.
package final class BoundIntegerConvolution: BoundCall, @unchecked Sendable {
    private let channels: ChannelAddresses
    /// nil where there are no results.
    private let work: (any BoundIntegerWork)?
    private let findsRange: Bool
    private let input: InputAddresses?
    private let results: ResultAddresses?
    private let pool: ThreadPool
    /// Keep the memory.
    private let kept: (IntegerConvolution, Tensor, addend: Tensor?, InputQuantization, IntegerResults?)

    /// - Parameters:
    ///   - image: [N, H, W, I].
    ///   - input: where the zero point and the scale of `image` lie.
    ///   - padding, addend, pooling: as `IntegerConvolution.run` takes them.
    ///   - outputShape: [N, output height, output width, O].
    package convenience init(
        _ convolution: IntegerConvolution, _ image: Tensor, quantizedBy input: InputQuantization, padding: Padding2D,
        adding addend: Tensor?, pooling: SlidingWindow?, into results: IntegerResults, outputShape: Shape,
        pool: ThreadPool
    ) {
        precondition(results.count == outputShape.elementCount, "the results do not fit")
        self.init(
            convolution, image, quantizedBy: input, padding: padding, adding: addend, pooling: pooling,
            outputShape: outputShape, outputType: results.dtype, results: results,
            findsRange: results.needRange, pool: pool)
    }

    init(
        _ convolution: IntegerConvolution, _ image: Tensor, quantizedBy input: InputQuantization = .known,
        padding: Padding2D, adding addend: Tensor?, pooling: SlidingWindow?, outputShape: Shape, outputType: DType,
        results: IntegerResults? = nil, findsRange: Bool, pool: ThreadPool
    ) {
        precondition(!findsRange || outputType == .float32, "the range of what is not real")
        precondition(
            image.shape.rank == 4 && image.shape[3] == convolution.inputChannels, "the input does not fit the weights")
        precondition(image.dtype == convolution.inputType && outputType == convolution.outputType, "types do not fit")
        // Windows over an image without pixels see padding only; kernels load what they then mask, so that there must
        // be a pixel to load.
        let pixels = image.count > 0 ? image : Tensor(zeros: image.dtype, shape: [convolution.inputChannels])
        work = convolution.work(
            image.shape, of: pixels, padding: padding, adding: addend, pooling: pooling, outputShape: outputShape,
            findsRange: findsRange, pool: pool)
        channels = convolution.channelStages.addresses
        (self.input, self.results) = (InputAddresses(input), results.map(ResultAddresses.init))
        (self.findsRange, self.pool, kept) = (findsRange, pool, (convolution, pixels, addend, input, results))
    }

    package func run() {
        results?.write(pool: pool) { output in run(input?.current, into: output) }
    }

    /// Runs once on an input with its own zero point, and its own scale, or on one that has none.
    func run(_ input: (zeroPoint: Int32, scale: Float?)?, into output: Tensor) -> RealRange? {
        defer { extendLifetime((self, output)) }
        return run(input, into: output.address)
    }

    private func run(
        _ input: (zeroPoint: Int32, scale: Float?)?, into output: UnsafeMutableRawPointer
    ) -> RealRange? {
        guard let work else { return findsRange ? RealRange(lower: 0, upper: 0) : nil }
        return channels.withParameters(of: input) { parameters, zeroPoint in
            work.run(parameters, zeroPoint: zeroPoint, into: output)
        }
    }
}
