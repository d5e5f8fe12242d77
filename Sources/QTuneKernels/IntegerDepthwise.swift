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

    /// The convolution of images as kernels take it, but for the parameters of channels and the output. Its pointers live
    /// as long as `self` and the arguments.
    fileprivate func job(
        _ windows: UnsafePointer<qt_integer_windows>, paddingRow: UnsafePointer<UInt8>, isSigned: Bool, outputBytes: Int
    ) -> qt_integer_depthwise {
        var job = qt_integer_depthwise()
        job.kernel = kernel
        job.strip = strip
        job.windows = windows
        job.padding_row = paddingRow
        job.flip = isSigned ? 0x80 : 0
        job.packed = UnsafeRawPointer(packed.base)
        job.output_stride = channels * outputBytes
        return job
    }
}

/// A depthwise convolution of images that lie in the same memory each time.
final class BoundDepthwise: BoundIntegerWork {
    private let windows: UnsafeMutablePointer<qt_integer_windows>
    private let paddingRow: UnsafeMutableBufferPointer<UInt8>
    private let job: UnsafeMutablePointer<qt_integer_depthwise>
    private let rows: Int
    private let parts: Int
    private let scratchBytes: Int
    private let findsRange: Bool
    private let pool: ThreadPool

    /// Multiply-accumulates below which a second thread costs more than it saves.
    private static let leastWork = 20_000

    init(
        _ depthwise: IntegerDepthwise, over image: IntegerWindows, isSigned: Bool, outputBytes: Int, findsRange: Bool,
        pool: ThreadPool
    ) {
        let channels = image.shape.inputChannels
        windows = .allocate(capacity: 1)
        windows.initialize(to: image.windows(firstChannel: 0, channels: channels))
        paddingRow = .allocate(capacity: channels)
        paddingRow.initialize(repeating: image.padding)
        job = .allocate(capacity: 1)
        job.initialize(
            to: depthwise.job(
                windows, paddingRow: UnsafePointer(paddingRow.baseAddress.unsafelyUnwrapped), isSigned: isSigned,
                outputBytes: outputBytes))
        rows = image.shape.batch * image.shape.outputHeight
        parts = image.shape.multiplyAccumulates > Self.leastWork ? min(pool.threads, rows) : 1
        scratchBytes = qt_integer_depthwise_scratch(job)
        (self.findsRange, self.pool) = (findsRange, pool)
    }

    deinit {
        windows.deallocate()
        paddingRow.deallocate()
        job.deallocate()
    }

    func run(
        _ parameters: UnsafeBufferPointer<ChannelParameters>, zeroPoint: Int32, into output: UnsafeMutableRawPointer
    ) -> RealRange? {
        set(padding: UInt8(truncatingIfNeeded: zeroPoint))
        job.pointee.offsets = parameters[0].offsets
        job.pointee.epilogue = parameters[0].epilogue
        job.pointee.output = output
        return PartRanges.collected(isWanted: findsRange, parts: parts) { ranges in
            pool.run(parts: parts) { part in
                var job = job.pointee
                job.epilogue.range = ranges?[part]
                ScratchMemory.withBytes(scratchBytes) { scratch in
                    qt_integer_depthwise_run(&job, part * rows / parts, (part + 1) * rows / parts, scratch)
                }
            }
        }
    }

    private func set(padding: UInt8) {
        guard windows.pointee.padding != padding else { return }
        windows.pointee.padding = padding
        paddingRow.update(repeating: padding)
    }
}
