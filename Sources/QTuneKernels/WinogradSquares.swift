internal import QTuneTensor

/// The squares that cover the output pixels of a batch of images, and the way to work through them: pixels under each
/// square are transformed, all are multiplied, products are transformed back.
///
/// A square is short along an axis on which few of its pixels lie in the image. Squares that are long both ways come
/// first, then those that are long down only, those that are long across only, and those that are short both ways;
/// each kind in the order of their first pixels.
struct WinogradSquares {
    /// A square's first output pixel.
    struct Place {
        var image: Int
        var row: Int
        var column: Int
    }

    /// Squares of each kind, in their order.
    struct Kinds {
        var both = 0
        var downOnly = 0
        var acrossOnly = 0
        var neither = 0
    }

    let shape: ConvolutionShape
    let height: Int
    let width: Int
    private let tile: Int
    /// Squares along each axis, the long ones and the short one after them.
    private let longDown: Int
    private let longAcross: Int
    private let shortDown: Int
    private let shortAcross: Int
    /// Of all images.
    private let kinds: Kinds

    /// - Parameters:
    ///   - tile: pixels along each side.
    ///   - short: the most pixels of a short side.
    init(_ shape: ConvolutionShape, tile: Int, short: Int = 0) {
        self.shape = shape
        self.tile = tile
        (height, width) = (shape.outputHeight, shape.outputWidth)
        (longDown, longAcross) = ((height + tile - 1 - short) / tile, (width + tile - 1 - short) / tile)
        shortDown = (height + tile - 1) / tile - longDown
        shortAcross = (width + tile - 1) / tile - longAcross
        kinds = Kinds(
            both: shape.batch * longDown * longAcross, downOnly: shape.batch * longDown * shortAcross,
            acrossOnly: shape.batch * shortDown * longAcross, neither: shape.batch * shortDown * shortAcross)
    }

    var count: Int { kinds.both + kinds.downOnly + kinds.acrossOnly + kinds.neither }

    /// Asked for each square and panel; nearly all squares are long.
    @inline(__always) subscript(index: Int) -> Place {
        guard index < kinds.both else { return shortPlace(index - kinds.both) }
        let row = index / longAcross
        return Place(image: row / longDown, row: row % longDown * tile, column: index % longAcross * tile)
    }

    /// The place of square `index` of those that are short.
    @inline(never) private func shortPlace(_ index: Int) -> Place {
        var index = index
        let (lastRow, lastColumn) = (longDown..<longDown + shortDown, longAcross..<longAcross + shortAcross)
        if index < kinds.downOnly { return place(index, down: 0..<longDown, across: lastColumn) }
        index -= kinds.downOnly
        if index < kinds.acrossOnly { return place(index, down: lastRow, across: 0..<longAcross) }
        return place(index - kinds.acrossOnly, down: lastRow, across: lastColumn)
    }

    /// The place of square `index` of those in the given rows and columns of squares of each image.
    private func place(_ index: Int, down: Range<Int>, across: Range<Int>) -> Place {
        let row = index / across.count
        return Place(
            image: row / down.count, row: (down.lowerBound + row % down.count) * tile,
            column: (across.lowerBound + index % across.count) * tile)
    }

    /// How many squares of `block` are of each kind.
    func kinds(in block: Range<Int>) -> Kinds {
        var first = 0
        func next(_ count: Int) -> Int {
            first += count
            return block.clamped(to: first - count..<first).count
        }
        return Kinds(
            both: next(kinds.both), downOnly: next(kinds.downOnly), acrossOnly: next(kinds.acrossOnly),
            neither: next(kinds.neither))
    }

    /// Whether square `index` is long across, and not down.
    func isLongAcrossOnly(_ index: Int) -> Bool {
        let first = kinds.both + kinds.downOnly
        return index >= first && index < first + kinds.acrossOnly
    }

    /// Neighbours in one row of squares with as many rows and pixels in the image.
    struct Run {
        let first: Int
        let count: Int
        /// Of the first one.
        let place: Place
        /// Of each one.
        let extent: (rows: Int, pixels: Int)
    }

    /// The squares `range` in their order, as long runs as there are.
    func runs(in range: Range<Int>) -> some Sequence<Run> {
        sequence(state: range.lowerBound) { next in
            guard next < range.upperBound else { return nil }
            let run = longestRun(from: next, before: range.upperBound)
            next += run.count
            return run
        }
    }

    private func longestRun(from index: Int, before end: Int) -> Run {
        let place = self[index]
        let whole = width / tile - place.column / tile
        return Run(first: index, count: min(max(whole, 1), end - index), place: place, extent: extent(at: place))
    }

    /// Rows and columns of a square that lie in the image.
    func extent(at place: Place) -> (rows: Int, pixels: Int) {
        (min(tile, height - place.row), min(tile, width - place.column))
    }

    /// The number of a square's first pixel among all output pixels.
    func pixel(at place: Place) -> Int { (place.image * height + place.row) * width + place.column }
}

extension WinogradSquares {
    /// What the work on one square takes.
    struct Work {
        /// Bytes of its transformed pixels.
        var transformedBytes: Int
        /// Bytes of its products by one panel of weights.
        var productBytes: Int
        /// Bytes that the transformed pixels and the products of a block each take besides.
        var excessBytes = 0
        /// Bytes that a panel of weights takes beside the products.
        var panelBytes = 0
        var panels: Int
        /// Bytes of a block of squares, which stay in the second-level cache.
        var blockBytes = 720_000
        /// Squares that a block has, if there are so many, whatever their bytes.
        var leastSquares: Int
        /// Squares of a block that make it worth while to read all weights for it.
        var fewSquares = 12
    }

    /// Transforms the squares `range` of `block`, whose transformed pixels start at `target`.
    typealias Transform = (_ range: Range<Int>, _ block: Range<Int>, _ target: UnsafeMutableRawPointer) -> Void
    /// Multiplies the transformed squares of `block` by a panel of weights and writes their outputs. Calls of one part
    /// follow one another.
    typealias Multiply = (
        _ block: Range<Int>, _ panel: Int, _ part: Int, _ transformed: UnsafeRawPointer,
        _ products: UnsafeMutableRawPointer
    ) -> Void

    /// Parts that `threads` threads divide the work into: blocks of squares or, of few squares, panels of weights.
    func parts(of work: Work, threads: Int) -> Int {
        let blocks = blocks(of: work, threads: threads)
        return sharesPanels(work, blocks: blocks, threads: threads) ? work.panels : blocks
    }

    private func blocks(of work: Work, threads: Int) -> Int {
        let perBlock = max(work.leastSquares, work.blockBytes / (work.transformedBytes + work.productBytes))
        let wanted = (count + perBlock - 1) / perBlock
        return min(count, (wanted + threads - 1) / threads * threads)
    }

    private func sharesPanels(_ work: Work, blocks: Int, threads: Int) -> Bool {
        threads > 1 && count < blocks * work.fewSquares
    }

    /// Calls `transform` for all squares and `multiply` for all of them by all panels, in parts, on the pool's threads.
    func run(_ work: Work, pool: ThreadPool, transform: Transform, multiply: Multiply) {
        let blocks = blocks(of: work, threads: pool.threads)
        guard !sharesPanels(work, blocks: blocks, threads: pool.threads) else {
            return runByPanels(work, pool: pool, transform: transform, multiply: multiply)
        }
        pool.run(parts: blocks) { part in
            let block = count * part / blocks..<count * (part + 1) / blocks
            let (pixels, products) = (block.count * work.transformedBytes, block.count * work.productBytes)
            Self.withScratch(pixels + products + 2 * work.excessBytes + work.panelBytes) { scratch in
                transform(block, block, scratch)
                for panel in 0..<work.panels {
                    multiply(block, panel, part, scratch, scratch + pixels + work.excessBytes)
                }
            }
        }
    }

    /// Each thread transforms some squares and multiplies all, by some of the weights.
    private func runByPanels(_ work: Work, pool: ThreadPool, transform: Transform, multiply: Multiply) {
        Self.withScratch(count * work.transformedBytes + work.excessBytes) { transformed in
            pool.run(over: count, grain: 1) { range in transform(range, 0..<count, transformed) }
            pool.run(parts: work.panels) { panel in
                Self.withScratch(count * work.productBytes + work.excessBytes + work.panelBytes) { products in
                    multiply(0..<count, panel, panel, transformed, products)
                }
            }
        }
    }

    private static func withScratch(_ byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
        let stride = MemoryLayout<Float>.stride
        ScratchMemory.withFloats((byteCount + stride - 1) / stride) { body(UnsafeMutableRawPointer($0)) }
    }
}
