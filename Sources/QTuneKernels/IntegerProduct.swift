internal import CQTuneKernels
internal import QTuneTensor

/// Packed weights of one product [depth, columns], and the product itself. Convolutions and matrices stand on it.
final class IntegerProduct: @unchecked Sendable {
    let columns: Int
    let depth: Int
    /// Rows are cheapest in multiples of this.
    var tileRows: Int { Int(kernel.pointee.tile_rows) }
    /// The row of the kernels' table that does the work.
    var kernelName: String { String(cString: kernel.pointee.name) }
    private let kernel: IntegerKernels.GemmRow
    private let packed: TensorStorage
    /// What is added to the sums of each column.
    let offsets: ChannelOffsets
    /// Of the weights as kernels see them, flipped to s8: one for each column, or nil where all are `weightZeroPoint`.
    private let weightZeroPoints: ChannelWords?
    private let weightZeroPoint: Int32

    /// `weights` are [columns][depth] in s8, already flipped if they were u8, and zero points with them.
    init(
        weights: TensorStorage, columns: Int, depth: Int, weightZeroPoints: [Int32], bias: [Int32]?, tier: CPUTier
    ) {
        self.columns = columns
        self.depth = depth
        kernel = IntegerKernels.gemm(for: tier)
        let bytes = UnsafePointer(weights.base.assumingMemoryBound(to: Int8.self))
        packed = TensorStorage(byteCount: qt_integer_gemm_packed_bytes(kernel, columns, depth))
        qt_integer_gemm_pack(kernel, bytes, columns, depth, packed.base)
        let first = weightZeroPoints.first ?? 0
        let isUniform = weightZeroPoints.allSatisfy { $0 == first }
        weightZeroPoint = isUniform ? first : 0
        self.weightZeroPoints = isUniform ? nil : ChannelWords(weightZeroPoints, channels: columns)
        var slopes = [Int32](unsafeUninitializedCapacity: columns) { buffer, count in
            qt_integer_weights_sum(bytes, columns, depth, buffer.baseAddress)
            count = columns
        }
        for column in slopes.indices {
            let zeroPoint = weightZeroPoints[weightZeroPoints.count == 1 ? 0 : column]
            slopes[column] &-= Int32(truncatingIfNeeded: depth) &* zeroPoint
        }
        offsets = ChannelOffsets(bias: bias, slopes: slopes)
    }

    /// Where the left operand comes from.
    enum Source {
        /// Rows of bytes, `stride` apart.
        case rows(UnsafePointer<UInt8>, stride: Int)
        case windows(UnsafePointer<qt_integer_windows>)
    }

    /// The product as kernels take it. Its pointers live as long as `self` and the arguments.
    func job(
        source: Source, isSigned: Bool, parameters: ChannelParameters, output: UnsafeMutableRawPointer,
        outputStride: Int
    ) -> qt_integer_product {
        var job = qt_integer_product()
        job.kernel = kernel
        job.depth = depth
        switch source {
        case .rows(let rows, let stride): (job.rows, job.row_stride) = (rows, stride)
        case .windows(let windows): job.windows = windows
        }
        job.flip = isSigned ? 0x80 : 0
        job.columns = columns
        job.packed = UnsafeRawPointer(packed.base)
        job.offsets = parameters.offsets
        job.weight_zero_points = weightZeroPoints?.integers
        job.weight_zero_point = weightZeroPoint
        job.epilogue = parameters.epilogue
        job.output = output
        job.output_stride = outputStride
        return job
    }

    /// Runs `jobs`, which share this product's shape, over `rows` rows on the pool's threads.
    /// - Parameter findsRange: whether to give the range of the results, which are dequantized.
    func run(_ jobs: [qt_integer_product], rows: Int, findsRange: Bool, pool: ThreadPool) -> RealRange? {
        nonisolated(unsafe) let jobs = jobs
        let parts = partition(rows: rows, jobs: jobs, threads: pool.threads)
        let ranges = findsRange ? PartRanges(parts: parts.count) : nil
        pool.run(parts: parts.count) { index in
            let part = parts[index]
            for var job in jobs {
                job.epilogue.range = ranges?[index]
                ScratchMemory.withBytes(qt_integer_product_scratch(&job)) { scratch in
                    qt_integer_product_run(
                        &job, part.rows.lowerBound, part.rows.upperBound, part.columns.lowerBound,
                        part.columns.upperBound, scratch)
                }
            }
        }
        return ranges?.total
    }

    private struct Part {
        let rows: Range<Int>
        let columns: Range<Int>
    }

    /// Multiply-accumulates below which a second thread costs more than it saves.
    static let leastWork = 100_000

    /// Rows are shared out, or columns: where there are too few rows to go round, and where that shares the work more
    /// equally without copying much twice.
    private func partition(rows: Int, jobs: [qt_integer_product], threads: Int) -> [Part] {
        let whole = Part(rows: 0..<rows, columns: 0..<columns)
        guard threads > 1, rows > 0, columns > 0, rows * columns * depth * jobs.count > Self.leastWork else {
            return [whole]
        }
        let rowParts = Self.split(rows, unit: tileRows, into: threads)
        let columnParts = Self.split(columns, unit: Int(kernel.pointee.tile_columns), into: threads)
        let copiesLittle = jobs.allSatisfy { job in
            withUnsafePointer(to: job) { qt_integer_product_copies_little($0) != 0 }
        }
        let isMoreEqual = Self.longest(columnParts) * rows < Self.longest(rowParts) * columns
        guard rowParts.count < threads || copiesLittle && isMoreEqual else {
            return rowParts.map { Part(rows: $0, columns: 0..<columns) }
        }
        return columnParts.map { Part(rows: 0..<rows, columns: $0) }
    }

    private static func longest(_ parts: [Range<Int>]) -> Int { parts.map(\.count).max() ?? 0 }

    /// `length` in at most `count` ranges whose ends are multiples of `unit`.
    private static func split(_ length: Int, unit: Int, into count: Int) -> [Range<Int>] {
        let units = (length + unit - 1) / unit
        let parts = min(units, count)
        return (0..<parts).map { part in
            (part * units / parts * unit)..<min(length, (part + 1) * units / parts * unit)
        }
    }
}
