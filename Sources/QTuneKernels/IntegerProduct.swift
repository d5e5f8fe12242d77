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
    private let packed: UnsafeRawPointer
    /// Keeps the packed weights, which are found without it.
    private let storage: TensorStorage
    /// What is added to the sums of each column.
    let offsets: ChannelOffsets
    /// Of the weights as kernels see them, flipped to s8: one for each column, or nil where all are `weightZeroPoint`.
    private let weightZeroPoints: ChannelWords?
    private let weightZeroPoint: Int32

    /// `weights` are [columns][depth] in s8, already flipped if they were u8, and zero points with them.
    /// - Parameter areLasting: whether the weights are those of a network, as against what one run multiplies by.
    init(
        weights: TensorStorage, columns: Int, depth: Int, weightZeroPoints: [Int32], bias: [Int32]?,
        areLasting: Bool = false, tier: CPUTier
    ) {
        self.columns = columns
        self.depth = depth
        kernel = IntegerKernels.gemm(for: tier)
        let bytes = UnsafePointer(weights.base.assumingMemoryBound(to: Int8.self))
        let byteCount = qt_integer_gemm_packed_bytes(kernel, columns, depth)
        storage = areLasting ? LastingMemory.storage(byteCount: byteCount) : TensorStorage(byteCount: byteCount)
        packed = UnsafeRawPointer(storage.base)
        qt_integer_gemm_pack(kernel, bytes, columns, depth, storage.base)
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

    /// The product as kernels take it, but for the parameters of channels and the output. Its pointers live as long as
    /// `self` and the arguments.
    func job(source: Source, isSigned: Bool, outputStride: Int) -> qt_integer_product {
        var job = qt_integer_product()
        job.kernel = kernel
        job.depth = depth
        switch source {
        case .rows(let rows, let stride): (job.rows, job.row_stride) = (rows, stride)
        case .windows(let windows): job.windows = windows
        }
        job.flip = isSigned ? 0x80 : 0
        job.columns = columns
        job.packed = packed
        job.weight_zero_points = weightZeroPoints?.integers
        job.weight_zero_point = weightZeroPoint
        job.output_stride = outputStride
        return job
    }

    /// Multiply-accumulates below which a second thread costs more than it saves.
    static let leastWork = 100_000

    /// How `rows` rows of `jobs`, which share this product's shape, are shared out to threads: by rows, or by columns
    /// where there are too few rows to go round, and where that shares the work more equally without copying much twice.
    func partition(
        rows: Int, jobs: UnsafeMutableBufferPointer<qt_integer_product>, threads: Int
    ) -> ProductParts {
        let whole = ProductParts(rows: Shares(whole: rows), columns: Shares(whole: columns))
        guard threads > 1, rows > 0, columns > 0, rows * columns * depth * jobs.count > Self.leastWork else {
            return whole
        }
        let rowShares = Shares(rows, unit: tileRows, atMost: threads)
        let columnShares = Shares(columns, unit: Int(kernel.pointee.tile_columns), atMost: threads)
        let copiesLittle = jobs.allSatisfy { job in
            withUnsafePointer(to: job) { qt_integer_product_copies_little($0) != 0 }
        }
        let isMoreEqual = columnShares.longest * rows < rowShares.longest * columns
        guard rowShares.count < threads || copiesLittle && isMoreEqual else {
            return ProductParts(rows: rowShares, columns: whole.columns)
        }
        return ProductParts(rows: whole.rows, columns: columnShares)
    }
}

/// The parts of a product: each share of its rows with each share of its columns.
struct ProductParts {
    let rows: Shares
    let columns: Shares

    var count: Int { rows.count * columns.count }

    subscript(index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        (rows[index / columns.count], columns[index % columns.count])
    }
}

/// A length in ranges that differ little, and whose ends are multiples of a unit.
struct Shares {
    private let length: Int
    private let unit: Int
    private let units: Int
    let count: Int

    /// - Parameter length: above 0.
    init(_ length: Int, unit: Int, atMost most: Int) {
        (self.length, self.unit) = (length, unit)
        units = (length + unit - 1) / unit
        count = min(units, most)
    }

    /// One share, be it empty.
    init(whole length: Int) { (self.length, unit, units, count) = (length, length, 1, 1) }

    subscript(index: Int) -> Range<Int> {
        (index * units / count * unit)..<min(length, (index + 1) * units / count * unit)
    }

    var longest: Int { (0..<count).reduce(0) { max($0, self[$1].count) } }
}
