internal import CQTuneKernels
internal import QTuneTensor

/// A convolution as one product of integers that keeps only the largest of its results under each place of a window.
/// The results pass through a band of rows that stays in a core's cache, so that the whole of them never is in memory.
struct PooledProduct: @unchecked Sendable {
    /// As it is without pooling, but for its output, which is the pooled one.
    private let product: qt_integer_product
    private let image: WindowedImage
    private let type: qt_max_type
    private let kernel: qt_window_max_row
    private let elements: IntegerKernels.ElementwiseRow
    /// Rows of the output in each image, in all, and the bytes of one.
    private let imageRows: Int
    private let rows: Int
    private let outputRow: Int
    private let output: UnsafeMutablePointer<UInt8>
    private let work: Int
    /// Rows of results that the band holds.
    private let capacity: Int
    /// Whether the range of the output is that of all the results, which the product finds at no cost.
    private let keepsRange: Bool

    /// Bytes of a band, where one place of the window does not need more: a part of a second-level cache, where
    /// activations, weights and the results of other bands want to be, too.
    static let bandBytes = 262_144

    /// - Parameters:
    ///   - product: over all the pixels of `shape`, which the caller keeps alive.
    ///   - places: of `window` in each image; the output holds an NHWC image of them for each, of elements of `dtype`.
    init(
        _ product: qt_integer_product, shape: ConvolutionShape, window: SlidingWindow, places: Extent2D, dtype: DType,
        tier: CPUTier
    ) {
        precondition(product.epilogue.addend.values == nil, "an addition in a convolution that pools its result")
        self.product = product
        image = WindowedImage(
            height: shape.outputHeight, width: shape.outputWidth, channels: shape.outputChannels,
            element: dtype.bitWidth / 8, window: window, columns: places.width)
        type = WindowMaximum.tag(dtype)
        kernel = FloatKernels.windowMaximum(for: tier)
        elements = IntegerKernels.elementwise(for: tier)
        imageRows = places.height
        rows = shape.batch * imageRows
        outputRow = places.width * image.pixel
        output = product.output.assumingMemoryBound(to: UInt8.self)
        work = shape.multiplyAccumulates
        let fitting = Self.bandBytes / max(1, image.rowBytes)
        capacity = min(image.height, max(fitting, image.reach))
        keepsRange =
            product.epilogue.lower >= 0 && image.isSeenWhole(rows: imageRows) && Self.makesNumbers(product)
    }

    /// Whether no real result can be NaN, which would hide what else its windows see: integers times finite scales,
    /// plus finite biases.
    private static func makesNumbers(_ product: qt_integer_product) -> Bool {
        let columns = 0..<product.columns
        guard let scales = product.epilogue.scales, columns.allSatisfy({ scales[$0].isFinite }) else { return false }
        return product.epilogue.biases.map { biases in columns.allSatisfy { biases[$0].isFinite } } ?? true
    }

    /// - Parameter findsRange: whether to give the range of the output, which is float32.
    func run(findsRange: Bool, pool: ThreadPool) -> RealRange? {
        let parts = work > IntegerProduct.leastWork ? min(rows, pool.threads) : 1
        let bandBytes = (capacity * image.rowBytes + 63) / 64 * 64
        return PartRanges.collected(isWanted: findsRange, parts: parts) { ranges in
            pool.run(parts: parts) { part in
                var job = product
                if keepsRange { job.epilogue.range = ranges?[part] }
                ScratchMemory.withBytes(bandBytes + qt_integer_product_scratch(&job)) { memory in
                    guard let memory else { return }
                    run(
                        rows * part / parts..<rows * (part + 1) / parts, job, band: memory,
                        scratch: memory + bandBytes, range: keepsRange ? nil : ranges?[part])
                }
            }
        }
    }

    /// Rows `range` of the output.
    private func run(
        _ range: Range<Int>, _ job: qt_integer_product, band: UnsafeMutableRawPointer,
        scratch: UnsafeMutableRawPointer, range ends: UnsafeMutablePointer<Float>?
    ) {
        var results = Band(job: job, memory: band, scratch: scratch, capacity: capacity, image: image)
        image.withScratch { addresses, scratch in
            for row in range {
                let (number, place) = (row / imageRows, row % imageRows)
                let last = min(imageRows, place + range.upperBound - row) - 1
                results.make(image.rows(under: place), of: number, before: image.rows(under: last).upperBound)
                let target = output + row * outputRow
                image.run(
                    kernel.run, type, row: place, rows: addresses, scratch: scratch, into: target
                ) { results.address(of: $0) }
                guard let ends else { continue }
                noteRange(of: target, in: ends)
            }
        }
    }

    /// Takes the numbers of a row of the output, which are still in the nearest cache, into `ends`.
    private func noteRange(of row: UnsafeMutablePointer<UInt8>, in ends: UnsafeMutablePointer<Float>) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2) { found in
            (found[0], found[1]) = (ends[0], ends[Int(QT_EPILOGUE_RANGE)])
            UnsafeMutableRawPointer(row).withMemoryRebound(to: Float.self, capacity: outputRow / 4) { numbers in
                elements.pointee.range(numbers, outputRow / 4, found.baseAddress)
            }
            (ends[0], ends[Int(QT_EPILOGUE_RANGE)]) = (found[0], found[1])
        }
    }
}

/// The latest rows of an image that a product makes, each in the place that its number gives it.
private struct Band {
    private var job: qt_integer_product
    private let memory: UnsafeMutableRawPointer
    private let scratch: UnsafeMutableRawPointer
    private let capacity: Int
    private let image: WindowedImage
    /// The image, and the first of its rows that was not made yet.
    private var number = -1
    private var next = 0

    init(
        job: qt_integer_product, memory: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer, capacity: Int,
        image: WindowedImage
    ) {
        (self.job, self.memory, self.scratch) = (job, memory, scratch)
        (self.capacity, self.image) = (capacity, image)
    }

    func address(of row: Int) -> UnsafePointer<UInt8> {
        UnsafePointer((memory + row % capacity * image.rowBytes).assumingMemoryBound(to: UInt8.self))
    }

    /// Makes `rows` of image `number`, where the band does not hold them, and as many of those before `end` as it has
    /// room for beside them. Rows are asked for in order.
    mutating func make(_ rows: Range<Int>, of number: Int, before end: Int) {
        if number != self.number { (self.number, next) = (number, 0) }
        guard rows.upperBound > next else { return }
        var row = max(next, rows.lowerBound)
        next = min(end, rows.lowerBound + capacity)
        while row < next {
            // Up to where the band begins anew.
            let stop = min(next, row + capacity - row % capacity)
            let first = (number * image.height + row) * image.width
            let count = (stop - row) * image.width
            // The kernel goes from the output's beginning to the row it was told.
            job.output = memory + row % capacity * image.rowBytes - first * image.pixel
            qt_integer_product_run(&job, first, first + count, 0, job.columns, scratch)
            row = stop
        }
    }
}
