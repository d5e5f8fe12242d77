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
        let type = tag(input.dtype)
        let source = UnsafePointer(input.unsafeElements(UInt8.self))
        let image = WindowedImage(
            height: from[1], width: from[2], channels: from[3], element: input.dtype.bitWidth / 8, window: window,
            columns: to[2])
        let kernel = FloatKernels.windowMaximum(for: tier)
        let target = output.unsafeElements(UInt8.self)
        let outputRow = to[2] * image.pixel
        let looked = (min(window.kernel.height, from[1]) * from[2] + min(window.kernel.width, from[2]) * to[2])
        pool.run(over: to[0] * to[1], grain: max(1, grain / max(1, looked * image.pixel))) { range in
            image.withScratch { rows, scratch in
                for row in range {
                    let first = source + row / to[1] * from[1] * image.rowBytes
                    image.run(
                        kernel.run, type, row: row % to[1], rows: rows, scratch: scratch, into: target + row * outputRow
                    ) { first + $0 * image.rowBytes }
                }
            }
        }
        extendLifetime((input, output))
    }

    static func tag(_ dtype: DType) -> qt_max_type {
        switch dtype {
        case .uint8: QT_MAX_U8
        case .int8: QT_MAX_S8
        case .float32: QT_MAX_F32
        default: preconditionFailure("no window over \(dtype)")
        }
    }
}

/// The lengths of NHWC images under a window.
struct WindowedImage {
    /// Bytes of a pixel.
    let pixel: Int
    let height: Int
    let width: Int
    private let channels: Int
    private let columns: Int
    private let window: SlidingWindow
    /// Pixels of a row that the windows span; nil where that is out of all proportion to the image, as with a dilation
    /// that leaves it. Windows are then taken one by one.
    private let span: Int?

    /// Bytes of a row.
    var rowBytes: Int { width * pixel }

    /// `element` is in bytes, `columns` are those of the output.
    init(height: Int, width: Int, channels: Int, element: Int, window: SlidingWindow, columns: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
        pixel = channels * element
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

    /// Rows of the image from the first to the last that the window sees at output row `position`, were all of it in
    /// the image. Neither end ever moves back from one position to the next.
    func rows(under position: Int) -> Range<Int> {
        let origin = position * window.stride.height - window.padding.top
        let end = origin + (window.kernel.height - 1) * window.dilation.height + 1
        return min(max(0, origin), height)..<min(max(0, end), height)
    }

    /// The most rows of the image between the first and the last under a window.
    var reach: Int { min(height, (window.kernel.height - 1) * window.dilation.height + 1) }

    /// Whether every pixel is seen from some place of an output with so many rows, and a pixel from every place.
    func isSeenWhole(rows: Int) -> Bool {
        func isCovered(_ places: Int, _ stride: Int, _ taps: Int, _ padding: Int, _ length: Int) -> Bool {
            let last = (places - 1) * stride - padding
            return taps >= stride && padding < taps && last < length && last + taps >= length
        }
        return window.dilation == .one
            && isCovered(rows, window.stride.height, window.kernel.height, window.padding.top, height)
            && isCovered(columns, window.stride.width, window.kernel.width, window.padding.left, width)
    }

    /// Writes row `row` of an output. `address` gives the rows of the image.
    func run(
        _ kernel: @convention(c) (qt_max_type, UnsafePointer<qt_max_row>?, UnsafeMutablePointer<UInt8>?) -> Void,
        _ type: qt_max_type, row: Int, rows: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>,
        scratch: UnsafeMutablePointer<UInt8>?, into target: UnsafeMutablePointer<UInt8>,
        address: (Int) -> UnsafePointer<UInt8>
    ) {
        let down = window.rows(at: row, of: height)
        for index in 0..<down.inside { rows[index] = address(down.start + index * window.dilation.height) }
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
