internal import CQTuneKernels
internal import QTuneTensor

/// The largest element under each place of a window over NHWC images of float32, `uint8` or `int8`: first down the
/// image's rows, which lie in memory one element behind the other, then across the row that results.
enum WindowMaximum {
    /// Bytes looked at that are worth a part of their own.
    private static let grain = 131_072

    /// The output may have rows and columns beyond those that `window` makes: what lies past the padding is not seen.
    static func run(
        _ input: Tensor, window: SlidingWindow, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        let (from, to) = (input.shape, output.shape)
        precondition(input.dtype == output.dtype, "\(input.dtype) into \(output.dtype)")
        precondition(from.rank == 4 && to.rank == 4 && from[0] == to[0] && from[3] == to[3], "\(from) into \(to)")
        guard output.count > 0 else { return }
        let type: qt_max_type
        switch input.dtype {
        case .uint8: type = QT_MAX_U8
        case .int8: type = QT_MAX_S8
        case .float32: type = QT_MAX_F32
        default: preconditionFailure("no window over \(input.dtype)")
        }
        let image = WindowedImage(input, window: window, columns: to[2])
        let kernel = FloatKernels.windowMaximum(for: tier)
        let target = output.unsafeElements(UInt8.self)
        let outputRow = to[2] * image.pixel
        let looked = (min(window.kernel.height, from[1]) * from[2] + min(window.kernel.width, from[2]) * to[2])
        pool.run(over: to[0] * to[1], grain: max(1, grain / max(1, looked * image.pixel))) { range in
            image.withScratch { rows, scratch in
                for row in range {
                    image.run(
                        kernel.run, type, image: row / to[1], row: row % to[1], rows: rows, scratch: scratch,
                        into: target + row * outputRow)
                }
            }
        }
        extendLifetime((input, output))
    }
}

/// A batch of images under a window, in bytes.
private struct WindowedImage {
    /// Bytes of a pixel.
    let pixel: Int
    private let source: UnsafePointer<UInt8>
    private let channels: Int
    private let height: Int
    private let width: Int
    private let columns: Int
    private let window: SlidingWindow
    /// Pixels of a row that the windows span; nil where that is out of all proportion to the image, as with a dilation
    /// that leaves it. Windows are then taken one by one.
    private let span: Int?

    init(_ input: Tensor, window: SlidingWindow, columns: Int) {
        source = UnsafePointer(input.unsafeElements(UInt8.self))
        (height, width, channels) = (input.shape[1], input.shape[2], input.shape[3])
        pixel = channels * input.dtype.bitWidth / 8
        self.window = window
        self.columns = columns
        let moves = (columns - 1).multipliedReportingOverflow(by: window.stride.width)
        let reach = (window.kernel.width - 1).multipliedReportingOverflow(by: window.dilation.width)
        let sum = moves.partialValue.addingReportingOverflow(reach.partialValue)
        let isSound = !moves.overflow && !reach.overflow && !sum.overflow && sum.partialValue < 2 * width + 1024
        span = isSound ? sum.partialValue + 1 : nil
    }

    /// Calls `body` with room for the addresses of a window's rows, and for the kernel's middle step.
    func withScratch(
        _ body: (UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>, UnsafeMutablePointer<UInt8>?) -> Void
    ) {
        let bytes = (span ?? width) * pixel + Int(QT_MAX_SLACK)
        let capacity = min(window.kernel.height, height)
        withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: capacity) { rows in
            withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { scratch in
                body(rows, scratch.baseAddress?.assumingMemoryBound(to: UInt8.self))
            }
        }
    }

    func run(
        _ kernel: @convention(c) (qt_max_type, UnsafePointer<qt_max_row>?, UnsafeMutablePointer<UInt8>?) -> Void,
        _ type: qt_max_type, image: Int, row: Int, rows: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>,
        scratch: UnsafeMutablePointer<UInt8>?, into target: UnsafeMutablePointer<UInt8>
    ) {
        let down = window.rows(at: row, of: height)
        let first = source + (image * height + down.start) * width * pixel
        for index in 0..<down.inside { rows[index] = first + index * window.dilation.height * width * pixel }
        var job = qt_max_row(
            rows: rows.baseAddress.map { UnsafePointer($0) }, row_count: down.inside, width: width, channels: channels,
            taps: window.kernel.width, dilation: window.dilation.width, stride: window.stride.width,
            padding: window.padding.left, columns: columns, scratch: scratch)
        if span != nil {
            kernel(type, &job, target)
            return
        }
        (job.columns, job.padding) = (1, 0)
        var left = 0
        for column in 0..<columns {
            let across = window.columns(at: column, of: width)
            let seen = across.inside > 0 ? down.inside : 0
            for index in 0..<seen { rows[index]? += (across.start - left) * pixel }
            if seen > 0 { left = across.start }
            (job.row_count, job.taps, job.width) = (seen, max(1, across.inside), width - left)
            if across.inside <= 1 { job.dilation = 1 } else { job.dilation = window.dilation.width }
            kernel(type, &job, target + column * pixel)
        }
    }
}
