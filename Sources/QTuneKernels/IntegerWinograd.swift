internal import CQTuneKernels
internal import QTuneTensor

/// The windows of a 3x3 integer convolution with stride 1, transformed for squares of 4x4 output pixels, and its run
/// over NHWC images. The sums are those of the windows themselves, bit for bit.
///
/// Each of the 36 cells of a transformed square is a matrix product of its own: squares times input channels, times
/// input channels times output channels.
final class IntegerWinograd: @unchecked Sendable {
    /// Columns that are multiplied together, from `firstColumn` on.
    private struct Panel {
        let firstColumn: Int
        let columns: Int
        let width: Int
    }

    private let kernel: IntegerKernels.WinogradRow
    /// Keeps the packed weights, which are found without it.
    private let storage: TensorStorage
    private let packed: UnsafeMutableRawPointer
    private let packedEnd: UnsafeMutableRawPointer
    /// Of windows that are packed as bytes and transformed in each run, one for each column, flipped with them; nil
    /// where what is packed are their transforms.
    private let lateZeroPoints: ChannelWords?
    private let channels: Int
    private let columns: Int
    /// What is added to the sums of each output channel. It does not depend on the input's zero point, which is taken
    /// from the pixels.
    let offsets: ChannelWords

    /// The row of the table that transforms, and whose product multiplies.
    var kernelName: String { Self.name(of: kernel, isLate: lateZeroPoints != nil) }

    private static let cells = QT_INTEGER_WINOGRAD_CELLS
    private static let tile = QT_INTEGER_WINOGRAD_TILE
    private static let taps = 9
    /// Bytes of a block of squares: fewer than stay in the second-level cache, since weights pass by.
    private static let blockBytes = 460_000
    /// Squares that make it worth while to read all weights.
    private static let leastSquares = 49
    /// Squares that are worth another transform of all weights.
    private static let leastLateSquares = 98
    /// Channels whose weights are transformed together, by one panel: what they take stays in the second-level cache
    /// beside the pixels of a few squares.
    private static let lateDepth = 128
    /// Bytes of a cache line.
    private static let line = 64

    /// Whether windows [O, I / groups, height, width] can be transformed.
    static func serves(weights: Shape, groups: Int, stride: Extent2D, dilation: Extent2D) -> Bool {
        groups == 1 && weights[2] == 3 && weights[3] == 3 && stride == .one && dilation == .one
    }

    /// Whether that is faster than products of whole windows.
    static func isFaster(weights: Shape, tier: CPUTier) -> Bool {
        let row = IntegerKernels.winograd(for: tier).pointee
        return min(weights[0], weights[1]) >= Int(row.least_channels)
            && windows(of: weights) <= Int(max(row.most_windows, row.most_late_windows))
    }

    /// Whether windows, eight times smaller than their transforms, are transformed in each run: many of them are, where
    /// the tier has a kernel for it.
    private static func isLate(weights: Shape, kernel: IntegerKernels.WinogradRow) -> Bool {
        kernel.pointee.weights != nil && windows(of: weights) > Int(kernel.pointee.most_windows)
    }

    private static func windows(of weights: Shape) -> Int {
        let (windows, overflows) = weights[0].multipliedReportingOverflow(by: weights[1])
        return overflows ? .max : windows
    }

    private static func name(of kernel: IntegerKernels.WinogradRow, isLate: Bool) -> String {
        String(cString: isLate ? kernel.pointee.late_name ?? kernel.pointee.name : kernel.pointee.name)
    }

    /// The row of the table for windows [O, I, 3, 3], and what it is called.
    static func kernelName(weights: Shape, tier: CPUTier) -> String {
        let kernel = IntegerKernels.winograd(for: tier)
        return name(of: kernel, isLate: isLate(weights: weights, kernel: kernel))
    }

    /// nil where a sum might leave the range in which results are exact.
    /// - Parameters:
    ///   - weights: [O, I, 3, 3], `int8` or `uint8`.
    ///   - zeroPoints: one for each output channel.
    ///   - isLate: whether each run transforms the windows, where the tier can do that.
    init?(weights: Tensor, zeroPoints: [Int32], bias: [Int32]?, isLate: Bool? = nil, tier: CPUTier) {
        (columns, channels) = (weights.shape[0], weights.shape[1])
        let kernel = IntegerKernels.winograd(for: tier)
        let isLate = kernel.pointee.weights != nil && isLate ?? Self.isLate(weights: weights.shape, kernel: kernel)
        let flip = IntegerOperands.flip(weights: weights.dtype)
        let flipped = zeroPoints.map { $0 - Int32(flip) }
        let packed = flipped.withUnsafeBufferPointer { zeroPoints -> TensorStorage? in
            var windows = qt_integer_winograd_windows(
                weights: weights.weightBytes, flip: flip, zero_points: zeroPoints.baseAddress,
                columns: weights.shape[0], channels: weights.shape[1])
            guard qt_integer_winograd_is_exact(&windows) != 0 else { return nil }
            if isLate {
                let packed = LastingMemory.storage(byteCount: qt_integer_winograd_late_bytes(kernel, &windows))
                qt_integer_winograd_pack_late(kernel, &windows, packed.base.assumingMemoryBound(to: Int8.self))
                return packed
            }
            let packed = LastingMemory.storage(byteCount: qt_integer_winograd_packed_bytes(kernel, &windows))
            qt_integer_winograd_pack(kernel, &windows, packed.base.assumingMemoryBound(to: Int16.self))
            return packed
        }
        extendLifetime(weights)
        guard let packed else { return nil }
        (self.kernel, storage) = (kernel, packed)
        (self.packed, packedEnd) = (packed.base, packed.base + packed.byteCount)
        lateZeroPoints = isLate ? ChannelWords(flipped, channels: columns) : nil
        offsets = ChannelWords(bias ?? [0], channels: columns)
    }

    private var wideColumns: Int { Int(kernel.pointee.product.pointee.tile_columns) }
    private var panelCount: Int { (columns + wideColumns - 1) / wideColumns }

    /// All panels are wide but the last.
    private func panel(_ index: Int) -> Panel {
        let (wide, narrow) = (wideColumns, Int(kernel.pointee.product.pointee.narrow_columns))
        let count = min(wide, columns - index * wide)
        return Panel(firstColumn: index * wide, columns: count, width: count <= narrow ? narrow : wide)
    }

    /// Channels as they lie in memory: products take them in fours.
    private var depth: Int { (channels + 3) / 4 * 4 }

    /// The pointers of a run, and what happens to its sums.
    struct Operands {
        var input: UnsafePointer<UInt8>
        var isSigned: Bool
        /// Of the input's type.
        var zeroPoint: Int32
        var epilogue: qt_epilogue
        var output: UnsafeMutableRawPointer
    }

    /// Writes the convolution of the batch of `shape`. No result depends on the blocks that threads work in.
    /// - Parameter findsRange: whether to give the range of the results, which are dequantized.
    func run(
        _ shape: ConvolutionShape, _ operands: Operands, findsRange: Bool, pool: ThreadPool
    ) -> RealRange? {
        let squares = WinogradSquares(shape, tile: Self.tile, short: QT_INTEGER_WINOGRAD_SHORT)
        let work = work
        let parts = findsRange ? squares.parts(of: work, threads: pool.threads) : 0
        return PartRanges.collected(isWanted: findsRange, parts: parts) { ranges in
            squares.run(work, pool: pool) { range, block, target in
                transform(range, of: squares, operands, into: target.assumingMemoryBound(to: Int16.self), block: block)
            } multiply: { block, panel, part, transformed, products in
                let sums = products.assumingMemoryBound(to: Int32.self)
                let panel = self.panel(panel)
                multiply(
                    squares.rows(in: block), panel: panel, transformed.assumingMemoryBound(to: Int16.self), sums)
                var operands = operands
                operands.epilogue.range = ranges?[part]
                write(block, of: squares, panel: panel, sums, operands)
            }
        }
    }

    private var work: WinogradSquares.Work {
        let widest = panelCount > 0 ? panel(0).width : 0
        var work = WinogradSquares.Work(
            transformedBytes: Self.cells * depth * MemoryLayout<Int16>.stride,
            productBytes: Self.cells * widest * MemoryLayout<Int32>.stride, excessBytes: Self.cells * Self.line,
            panels: panelCount, blockBytes: Self.blockBytes, leastSquares: Self.leastSquares)
        if lateZeroPoints != nil {
            work.panelBytes = Self.cells * weightStep(widest) * MemoryLayout<Int16>.stride
            (work.leastSquares, work.fewSquares) = (Self.leastLateSquares, Self.leastSquares)
        }
        return work
    }

    /// Writes the cells of `range`, a part of `block`: those of a square `depth` further than those of the one before,
    /// each cell of all squares of the block.
    private func transform(
        _ range: Range<Int>, of squares: WinogradSquares, _ operands: Operands,
        into target: UnsafeMutablePointer<Int16>, block: Range<Int>
    ) {
        let shape = squares.shape
        let flip: UInt8 = operands.isSigned ? 0x80 : 0
        let back = squares.kinds(in: block).downOnly * depth
        for run in squares.runs(in: range) {
            let place = run.place
            var call = qt_integer_winograd_input(
                image: operands.input + place.image * shape.inputHeight * shape.inputWidth * channels,
                height: shape.inputHeight, width: shape.inputWidth, channels: channels, flip: flip,
                zero_point: operands.zeroPoint + Int32(flip), top: place.row - shape.padding.top,
                left: place.column - shape.padding.left, squares: run.count, rows: run.extent.rows,
                pixels: run.extent.pixels, cells: target + (run.first - block.lowerBound) * depth,
                cell_step: pixelStep(block.count), square_step: depth,
                back: squares.isLongAcrossOnly(run.first) ? back : 0)
            kernel.pointee.input(&call)
        }
    }

    /// Multiplies each cell of the squares of a block by its weights.
    private func multiply(
        _ rows: qt_integer_winograd_rows, panel: Panel, _ transformed: UnsafePointer<Int16>,
        _ sums: UnsafeMutablePointer<Int32>
    ) {
        var call = qt_integer_winograd_product(
            kernel: kernel, rows: rows, columns: panel.width, depth: depth, pixels: transformed, pixel_row: depth,
            pixel_step: pixelStep(rows.all), weights: nil, weight_step: depth * panel.width, products: sums,
            product_step: sumStep(rows.all, panel.width), adds: 0, next: nil, next_bytes: 0)
        if let lateZeroPoints { return multiplyLate(&call, panel: panel, zeroPoints: lateZeroPoints) }
        let weights = packed + Self.cells * depth * panel.firstColumn * MemoryLayout<Int16>.stride
        let cellBytes = call.weight_step * MemoryLayout<Int16>.stride
        call.weights = UnsafePointer(weights.assumingMemoryBound(to: Int16.self))
        call.next = UnsafeRawPointer(weights + cellBytes)
        call.next_bytes = packedBytes(after: weights + cellBytes, atMost: Self.cells * cellBytes)
        qt_integer_winograd_multiply(&call)
    }

    /// Transforms the weights of some channels after the other, behind the products, and adds theirs.
    private func multiplyLate(_ call: inout qt_integer_winograd_product, panel: Panel, zeroPoints: ChannelWords) {
        let cells = UnsafeMutableRawPointer(call.products + Self.cells * call.product_step)
            .assumingMemoryBound(to: Int16.self)
        let pixels = call.pixels
        (call.weights, call.weight_step) = (UnsafePointer(cells), weightStep(panel.width))
        for first in stride(from: 0, to: depth, by: Self.lateDepth) {
            call.depth = min(Self.lateDepth, depth - first)
            let windows = packed + Self.taps * (depth * panel.firstColumn + first * panel.width)
            var weights = qt_integer_winograd_weights(
                packed: windows.assumingMemoryBound(to: Int8.self),
                zero_points: zeroPoints.integers + panel.firstColumn, columns: panel.width, pairs: call.depth / 2,
                cells: cells, cell_step: call.weight_step)
            kernel.pointee.weights?(&weights)
            let next = windows + Self.taps * call.depth * panel.width
            call.next = UnsafeRawPointer(next)
            call.next_bytes = packedBytes(after: next, atMost: Self.taps * Self.lateDepth * panel.width)
            call.pixels = pixels.map { $0 + first }
            call.adds = first > 0 ? 1 : 0
            qt_integer_winograd_multiply(&call)
        }
    }

    private func packedBytes(after next: UnsafeMutableRawPointer, atMost most: Int) -> Int {
        min(most, packedEnd - next)
    }

    /// From one cell of `count` squares to the next: a cache line more than they take, since lines at distances of a
    /// power of two push one another out of the cache.
    private func pixelStep(_ count: Int) -> Int { count * depth + Self.line / MemoryLayout<Int16>.stride }
    private func sumStep(_ count: Int, _ width: Int) -> Int { count * width + Self.line / MemoryLayout<Int32>.stride }
    private func weightStep(_ width: Int) -> Int {
        min(depth, Self.lateDepth) * width + Self.line / MemoryLayout<Int16>.stride
    }

    private func write(
        _ block: Range<Int>, of squares: WinogradSquares, panel: Panel, _ sums: UnsafePointer<Int32>,
        _ operands: Operands
    ) {
        let element = qt_epilogue_output_bytes(operands.epilogue.kind)
        let first = panel.firstColumn
        let back = squares.kinds(in: block).downOnly * panel.width
        var epilogue = operands.epilogue
        epilogue.scales = epilogue.scales.map { $0 + first }
        epilogue.biases = epilogue.biases.map { $0 + first }
        for run in squares.runs(in: block) {
            let offset = squares.pixel(at: run.place) * columns + first
            epilogue.addend.values = operands.epilogue.addend.values.map { $0 + offset * element }
            var call = qt_integer_winograd_output(
                cells: sums + (run.first - block.lowerBound) * panel.width,
                cell_step: sumStep(block.count, panel.width), square_step: panel.width,
                back: squares.isLongAcrossOnly(run.first) ? back : 0, offsets: offsets.integers + first,
                epilogue: epilogue, columns: panel.columns, squares: run.count, rows: run.extent.rows,
                pixels: run.extent.pixels,
                output: (operands.output + offset * element).assumingMemoryBound(to: UInt8.self),
                row_step: squares.width * columns * element, pixel_step: columns * element)
            kernel.pointee.output(&call)
        }
    }
}

extension WinogradSquares {
    fileprivate func rows(in block: Range<Int>) -> qt_integer_winograd_rows {
        let kinds = kinds(in: block)
        return qt_integer_winograd_rows(
            all: block.count, down: kinds.both + kinds.downOnly, across: kinds.both + kinds.acrossOnly,
            both: kinds.both)
    }
}

/// A convolution by squares of images that lie in the same memory each time.
final class BoundWinograd: BoundIntegerWork {
    private let winograd: IntegerWinograd
    private let shape: ConvolutionShape
    private let input: UnsafePointer<UInt8>
    private let isSigned: Bool
    private let addend: UnsafeMutableRawPointer?
    private let findsRange: Bool
    private let pool: ThreadPool

    init(
        _ winograd: IntegerWinograd, over image: IntegerWindows, isSigned: Bool,
        adding addend: UnsafeMutableRawPointer?, findsRange: Bool, pool: ThreadPool
    ) {
        (self.winograd, shape, input) = (winograd, image.shape, image.input)
        (self.isSigned, self.addend, self.findsRange, self.pool) = (isSigned, addend, findsRange, pool)
    }

    func run(
        _ parameters: UnsafeBufferPointer<ChannelParameters>, zeroPoint: Int32, into output: UnsafeMutableRawPointer
    ) -> RealRange? {
        let operands = IntegerWinograd.Operands(
            input: input, isSigned: isSigned, zeroPoint: zeroPoint, epilogue: parameters[0].adding(addend).epilogue,
            output: output)
        return winograd.run(shape, operands, findsRange: findsRange, pool: pool)
    }
}
