internal import CQTuneKernels
internal import QTuneTensor

/// The packed weights of a depthwise convolution, and its run.
final class IntegerDepthwise: @unchecked Sendable {
    let kernel: IntegerKernels.DepthwiseRow
    private let channels: Int
    private let strip: qt_integer_strip
    private let packed: TensorStorage
    /// What is added to each channel's sums.
    let offsets: ChannelOffsets

    /// `weights` are [C, 1, kernel height, kernel width], `zeroPoints` one for each channel.
    init(
        weights: Tensor, zeroPoints: [Int32], bias: [Int32]?, stride: Extent2D, dilation: Extent2D, tier: CPUTier
    ) {
        let channels = weights.shape[0]
        let taps = weights.shape[2] * weights.shape[3]
        let centred = [Int16](unsafeUninitializedCapacity: channels * taps) { buffer, count in
            qt_integer_depthwise_weights(
                weights.weightBytes, weights.dtype == .uint8 ? 1 : 0, zeroPoints, channels, taps, buffer.baseAddress)
            count = channels * taps
        }
        extendLifetime(weights)
        kernel = IntegerKernels.depthwise(for: tier)
        var window = qt_integer_depthwise_window(
            height: weights.shape[2], width: weights.shape[3], stride_width: stride.width,
            dilation_height: dilation.height, dilation_width: dilation.width)
        strip = qt_integer_strip_of(kernel, &window)
        packed = TensorStorage(byteCount: qt_integer_depthwise_packed_bytes(kernel, &window, centred, channels))
        qt_integer_depthwise_pack(kernel, &window, centred, channels, packed.base)
        let sums = (0..<channels).map { channel in
            (0..<taps).reduce(0) { $0 + Int32(centred[$1 * channels + channel]) }
        }
        offsets = ChannelOffsets(bias: bias, slopes: sums, for: kernel)
        self.channels = channels
    }

    /// - Parameter findsRange: whether to give the range of the results, which are dequantized.
    func run(
        _ job: IntegerWindows, isSigned: Bool, parameters: ChannelParameters, into output: Tensor, findsRange: Bool,
        pool: ThreadPool
    ) -> RealRange? {
        let windows = job.windows(firstChannel: 0, channels: channels)
        let paddingRow = [UInt8](repeating: job.padding, count: channels)
        let rows = job.shape.batch * job.shape.outputHeight
        let address = output.address
        return withUnsafePointer(to: windows) { windows in
            paddingRow.withUnsafeBufferPointer { paddingRow in
                var description = qt_integer_depthwise()
                description.kernel = kernel
                description.strip = strip
                description.windows = windows
                description.padding_row = paddingRow.baseAddress
                description.flip = isSigned ? 0x80 : 0
                description.packed = UnsafeRawPointer(packed.base)
                description.offsets = parameters.offsets
                description.epilogue = parameters.epilogue
                description.output = address
                description.output_stride = channels * qt_epilogue_output_bytes(description.epilogue.kind)
                return run(
                    description, rows: rows, work: job.shape.multiplyAccumulates, findsRange: findsRange, pool: pool)
            }
        }
    }

    private func run(
        _ description: qt_integer_depthwise, rows: Int, work: Int, findsRange: Bool, pool: ThreadPool
    ) -> RealRange? {
        nonisolated(unsafe) let description = description
        let parts = work > 20_000 ? min(pool.threads, rows) : 1
        let ranges = findsRange ? PartRanges(parts: parts) : nil
        pool.run(parts: parts) { part in
            var description = description
            description.epilogue.range = ranges?[part]
            ScratchMemory.withBytes(qt_integer_depthwise_scratch(&description)) { scratch in
                qt_integer_depthwise_run(&description, part * rows / parts, (part + 1) * rows / parts, scratch)
            }
        }
        return ranges?.total
    }
}
