internal import CQTuneKernels
internal import QTuneTensor

/// Work of integer kernels whose operands lie in the same memory each time. What its channels are multiplied by and what
/// is added to them may change from run to run, and so may the place of the results.
protocol BoundIntegerWork: AnyObject {
    /// - Parameters:
    ///   - parameters: for each group of channels.
    ///   - zeroPoint: of the input, as its type has it.
    /// - Returns: the range of the results, where it was to be found.
    func run(
        _ parameters: UnsafeBufferPointer<ChannelParameters>, zeroPoint: Int32, into output: UnsafeMutableRawPointer
    ) -> RealRange?
}

/// The same product for each group of channels.
final class BoundProducts: BoundIntegerWork {
    private let jobs: UnsafeMutableBufferPointer<qt_integer_product>
    /// Those that the jobs read, or none.
    private let windows: UnsafeMutableBufferPointer<qt_integer_windows>
    private let parts: ProductParts
    private let scratchBytes: Int
    private let addend: UnsafeRawPointer?
    /// Bytes of one row of results of one group.
    private let groupBytes: Int
    private let findsRange: Bool
    private let pool: ThreadPool

    /// The rows of `input`, which follow one another, times the matrix of `product`.
    init(
        _ product: IntegerProduct, rows: Int, of input: UnsafePointer<UInt8>, isSigned: Bool, outputBytes: Int,
        findsRange: Bool, pool: ThreadPool
    ) {
        let job = product.job(
            source: .rows(input, stride: product.depth), isSigned: isSigned, outputStride: product.columns * outputBytes
        )
        jobs = .allocate(copying: [job])
        windows = UnsafeMutableBufferPointer(start: nil, count: 0)
        (addend, groupBytes) = (nil, product.columns * outputBytes)
        parts = product.partition(rows: rows, jobs: jobs, threads: pool.threads)
        scratchBytes = qt_integer_product_scratch(jobs.baseAddress)
        (self.findsRange, self.pool) = (findsRange, pool)
    }

    /// The windows of an image times the matrices of `products`, one for each group.
    init(
        _ products: [IntegerProduct], over image: IntegerWindows, isSigned: Bool, adding addend: UnsafeRawPointer?,
        outputBytes: Int, findsRange: Bool, pool: ThreadPool
    ) {
        let (shape, columns) = (image.shape, image.shape.outputChannelsPerGroup)
        let channels = shape.inputChannelsPerGroup
        let windows = UnsafeMutableBufferPointer.allocate(
            copying: products.indices.map { image.windows(firstChannel: $0 * channels, channels: channels) })
        jobs = .allocate(
            copying: products.enumerated().map { group, product in
                product.job(
                    source: shape.isEveryPixel
                        ? .rows(image.input + group * channels, stride: shape.inputChannels)
                        : .windows(UnsafePointer(windows.baseAddress.unsafelyUnwrapped + group)),
                    isSigned: isSigned, outputStride: shape.outputChannels * outputBytes)
            })
        self.windows = windows
        (self.addend, groupBytes) = (addend, columns * outputBytes)
        parts = products[0].partition(rows: shape.outputPixels, jobs: jobs, threads: pool.threads)
        scratchBytes = jobs.map { job in withUnsafePointer(to: job) { qt_integer_product_scratch($0) } }.max() ?? 0
        (self.findsRange, self.pool) = (findsRange, pool)
    }

    deinit {
        jobs.deallocate()
        windows.deallocate()
    }

    func run(
        _ parameters: UnsafeBufferPointer<ChannelParameters>, zeroPoint: Int32, into output: UnsafeMutableRawPointer
    ) -> RealRange? {
        set(parameters, zeroPoint: zeroPoint, output: output)
        return PartRanges.collected(isWanted: findsRange, parts: parts.count) { ranges in
            pool.run(parts: parts.count) { index in
                let part = parts[index]
                ScratchMemory.withBytes(scratchBytes) { scratch in
                    for var job in jobs {
                        job.epilogue.range = ranges?[index]
                        qt_integer_product_run(
                            &job, part.rows.lowerBound, part.rows.upperBound, part.columns.lowerBound,
                            part.columns.upperBound, scratch)
                    }
                }
            }
        }
    }

    /// The only product.
    func job(
        _ parameters: UnsafeBufferPointer<ChannelParameters>, zeroPoint: Int32, into output: UnsafeMutableRawPointer
    ) -> qt_integer_product {
        set(parameters, zeroPoint: zeroPoint, output: output)
        return jobs[0]
    }

    private func set(
        _ parameters: UnsafeBufferPointer<ChannelParameters>, zeroPoint: Int32, output: UnsafeMutableRawPointer
    ) {
        let jobs = jobs
        for group in jobs.indices {
            jobs[group].offsets = parameters[group].offsets
            jobs[group].epilogue = parameters[group].epilogue
            jobs[group].epilogue.addend.values = addend.map { $0 + group * groupBytes }
            jobs[group].output = output + group * groupBytes
        }
        let windows = windows
        for group in windows.indices { windows[group].padding = UInt8(truncatingIfNeeded: zeroPoint) }
    }
}

/// A product whose results are pooled.
final class BoundPooledProduct: BoundIntegerWork {
    private let product: BoundProducts
    private let shape: ConvolutionShape
    private let window: SlidingWindow
    private let places: Extent2D
    private let dtype: DType
    private let tier: CPUTier
    private let findsRange: Bool
    private let pool: ThreadPool

    init(
        _ product: BoundProducts, shape: ConvolutionShape, window: SlidingWindow, places: Extent2D, dtype: DType,
        tier: CPUTier, findsRange: Bool, pool: ThreadPool
    ) {
        (self.product, self.shape, self.window, self.places) = (product, shape, window, places)
        (self.dtype, self.tier, self.findsRange, self.pool) = (dtype, tier, findsRange, pool)
    }

    func run(
        _ parameters: UnsafeBufferPointer<ChannelParameters>, zeroPoint: Int32, into output: UnsafeMutableRawPointer
    ) -> RealRange? {
        PooledProduct(
            product.job(parameters, zeroPoint: zeroPoint, into: output), shape: shape, window: window, places: places,
            dtype: dtype, tier: tier
        ).run(findsRange: findsRange, pool: pool)
    }
}

extension UnsafeMutableBufferPointer {
    /// Memory of its own with `elements`, which are trivial.
    fileprivate static func allocate(copying elements: [Element]) -> Self {
        let buffer = allocate(capacity: elements.count)
        _ = buffer.initialize(from: elements)
        return buffer
    }
}
