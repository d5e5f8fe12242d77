internal import QTuneTensor

/// Finds the runs of floats under each position of a convolution's window, without copying them.
///
/// Where the window's columns lie side by side in memory a whole window row is one run; an image of few channels is
/// copied once with its left and right padding, so that its runs are not too short.
struct PatchGatherer: @unchecked Sendable {
    let shape: ConvolutionShape
    /// Runs that make a patch.
    let taps: Int
    /// Floats of a run.
    let depth: Int

    /// Of the input, or of its copy with padding at both sides.
    private var image: UnsafePointer<Float>
    /// Whether the input is copied in each run.
    private let isCopied: Bool
    /// Floats from one pixel to the next, and pixels from one image row to the next.
    private let pixelStride: Int
    private let rowPixels: Int
    /// Pixels before column 0 that `image` holds.
    private let leftPixels: Int
    private let tapColumns: Int
    private let outputHeight: Int
    private let outputWidth: Int
    /// A run for window rows and columns that lie in the padding.
    private let zeros: TensorStorage

    /// Images of more channels are never copied.
    private static let fewChannels = 16

    /// Of the images at `input`, which the caller keeps alive.
    init(_ shape: ConvolutionShape, of input: UnsafePointer<Float>) {
        let padding = shape.padding
        let merges = shape.groups == 1 && shape.dilation.width == 1 && shape.kernel.width > 1
        let isPadded = padding.left > 0 || padding.right > 0
        isCopied = merges && isPadded && shape.inputChannels <= Self.fewChannels
        let (left, right) = isCopied ? (padding.left, padding.right) : (0, 0)
        let merging = merges && (isCopied || !isPadded)
        self.shape = shape
        image = input
        outputHeight = shape.outputHeight
        outputWidth = shape.outputWidth
        pixelStride = shape.inputChannels
        rowPixels = shape.inputWidth + left + right
        leftPixels = left
        tapColumns = merging ? 1 : shape.kernel.width
        taps = shape.kernel.height * tapColumns
        depth = shape.inputChannelsPerGroup * (merging ? shape.kernel.width : 1)
        let bytes = depth * MemoryLayout<Float>.stride
        zeros = TensorStorage(byteCount: bytes)
        zeros.base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }

    /// Calls `body` with what finds the patches of the input as it is now.
    func withPatches(pool: ThreadPool, _ body: (PatchGatherer) -> Void) {
        guard isCopied else { return body(self) }
        let padded = copy(left: shape.padding.left, right: shape.padding.right, pool: pool)
        var gatherer = self
        gatherer.image = UnsafePointer(padded.base.assumingMemoryBound(to: Float.self))
        body(gatherer)
        ScratchMemory.giveBack(padded)
    }

    /// The images with columns of zeros at both sides, in borrowed memory.
    private func copy(left: Int, right: Int, pool: ThreadPool) -> TensorStorage {
        let (width, channels) = (shape.inputWidth, shape.inputChannels)
        let rows = shape.batch * shape.inputHeight
        let rowFloats = (width + left + right) * channels
        let storage = ScratchMemory.borrow(floats: rows * rowFloats)
        let (start, pixels) = (storage.base.assumingMemoryBound(to: Float.self), image)
        pool.run(over: rows, grain: max(1, 32_768 / max(1, rowFloats))) { range in
            for row in range {
                let target = start + row * rowFloats
                target.update(repeating: 0, count: left * channels)
                (target + left * channels).update(from: pixels + row * width * channels, count: width * channels)
                (target + (left + width) * channels).update(repeating: 0, count: right * channels)
            }
        }
        return storage
    }

    /// Writes the pointers to the patches of output pixels `range`, their runs from `channel` on: that of tap `t` and
    /// pixel `p` at index `t * range.count + p`.
    func gather(_ range: Range<Int>, channel: Int, into pointers: UnsafeMutablePointer<UnsafePointer<Float>?>) {
        let base = image + channel
        if shape.isEveryPixel {
            for pixel in range { pointers[pixel - range.lowerBound] = base + pixel * pixelStride }
            return
        }
        if tapColumns == 1, rowPixels == shape.inputWidth + shape.padding.left + shape.padding.right {
            gatherRows(range, base, into: pointers)
            return
        }
        let nothing = UnsafePointer(zeros.base.assumingMemoryBound(to: Float.self))
        let (height, width) = (shape.inputHeight, rowPixels)
        let (stride, dilation, kernelHeight) = (shape.stride, shape.dilation, shape.kernel.height)
        let (above, before) = (shape.padding.top, shape.padding.left - leftPixels)
        let count = range.count
        var batch = range.lowerBound / (outputHeight * outputWidth)
        var row = range.lowerBound / outputWidth % outputHeight
        var column = range.lowerBound % outputWidth
        // All lengths have passed the allocation of the images, so no product of them overflows.
        for index in 0..<count {
            let left = column &* stride.width &- before
            var y = row &* stride.height &- above
            var tap = index
            for _ in 0..<kernelHeight {
                let isRow = y >= 0 && y < height
                let start = (batch &* height &+ y) &* width
                var x = left
                for _ in 0..<tapColumns {
                    pointers[tap] = isRow && x >= 0 && x < width ? base + (start &+ x) &* pixelStride : nothing
                    tap &+= count
                    x &+= dilation.width
                }
                y &+= dilation.height
            }
            column += 1
            if column == outputWidth {
                (column, row) = (0, row + 1)
                if row == outputHeight { (row, batch) = (0, batch + 1) }
            }
        }
    }

    /// `gather` where every window row is one run that no column of padding interrupts: those of neighbouring pixels
    /// are equally far apart.
    private func gatherRows(
        _ range: Range<Int>, _ base: UnsafePointer<Float>, into pointers: UnsafeMutablePointer<UnsafePointer<Float>?>
    ) {
        let nothing = UnsafePointer(zeros.base.assumingMemoryBound(to: Float.self))
        let step = shape.stride.width * pixelStride
        var pixel = range.lowerBound
        while pixel < range.upperBound {
            let (line, column) = pixel.quotientAndRemainder(dividingBy: outputWidth)
            let (batch, row) = line.quotientAndRemainder(dividingBy: outputHeight)
            let count = min(range.upperBound - pixel, outputWidth - column)
            for tap in 0..<taps {
                let y = row * shape.stride.height - shape.padding.top + tap * shape.dilation.height
                let isRow = y >= 0 && y < shape.inputHeight
                let first = (batch * shape.inputHeight + y) * rowPixels * pixelStride + column * step
                var run = isRow ? base + first : nothing
                let target = pointers + tap * range.count + (pixel - range.lowerBound)
                for index in 0..<count {
                    target[index] = run
                    if isRow { run += step }
                }
            }
            pixel += count
        }
    }
}
