internal import CQTuneKernels

/// A matrix product whose left-hand rows are gathered from memory: `taps` runs of `depth` floats make a row. Matrix
/// products have one tap, convolutions one for each cell of the window.
struct GatheredProduct {
    var columns: PackedColumns
    var rows: Int
    var taps: Int
    var depth: Int
    /// Different floats that one more row brings into the cache, about.
    var floatsPerRow: Int
    var output: UnsafeMutablePointer<Float>
    var outputStride: Int
    var residual: UnsafePointer<Float>?
    var activation: Activation
    /// What `activation` calls after the kernel; nil where the kernel's clamp does all.
    var elementwise: qt_f32_elementwise_row

    /// Writes the pointers of rows `range`: that of tap `t` and row `r` at index `t * range.count + r`.
    typealias Gather = (_ range: Range<Int>, _ pointers: UnsafeMutablePointer<UnsafePointer<Float>?>) -> Void

    /// Bytes of left-hand rows that stay in the second-level cache while panel after panel passes over them.
    private static let blockBytes = 262_144
    /// Pointers of a block of rows.
    private static let blockPointers = 8192
    /// Rows that give a thread as much to do as its weights take to come from memory.
    private static let rowsOfThread = 32
    /// Multiply-accumulates that are not worth handing to another thread.
    private static let serialWork = 200_000

    /// How the work is parted: blocks of tiles of rows, each times groups of panels of columns.
    private struct Blocks {
        var tiles: Int
        var rowBlocks: Int
        var panelGroups: Int

        var parts: Int { rowBlocks * panelGroups }

        /// Blocks are as equal as can be.
        func tiles(of block: Int) -> Range<Int> {
            tiles * block / rowBlocks..<tiles * (block + 1) / rowBlocks
        }
    }

    func run(pool: ThreadPool, gather: Gather) {
        guard rows > 0, columns.columns > 0 else { return }
        let blocks = blocks(threads: pool.threads)
        let serial = pool.threads == 1 || rows * columns.columns * columns.depth < Self.serialWork
        if serial {
            for part in 0..<blocks.parts { run(part: part, of: blocks, gather: gather) }
        } else {
            pool.run(parts: blocks.parts) { part in run(part: part, of: blocks, gather: gather) }
        }
    }

    private func blocks(threads: Int) -> Blocks {
        let tiles = (rows + Int(columns.kernel.rows) - 1) / Int(columns.kernel.rows)
        let bytesPerRow = max(1, floatsPerRow) * MemoryLayout<Float>.stride
        let rowsPerBlock = max(32, min(Self.blockBytes / bytesPerRow, Self.blockPointers / max(1, taps), 512))
        let tilesPerBlock = max(1, rowsPerBlock / Int(columns.kernel.rows))
        let rowBlocks = (tiles + tilesPerBlock - 1) / tilesPerBlock
        guard threads > 1 else { return Blocks(tiles: tiles, rowBlocks: rowBlocks, panelGroups: 1) }
        // Threads that share the rows of one block read different weights; they share the blocks where that is more
        // even, or where the rows of each are enough that weights come as fast as they are needed: then each finds in
        // its own cache the rows that it wrote in the layer before. Either way each gets the same number of parts.
        let panels = columns.panels.count
        let (byPanels, byTiles) = (Self.share(of: panels, threads), Self.share(of: tiles, threads))
        let hasManyRows = rows >= Self.rowsOfThread * threads && byTiles <= byPanels * 1.05
        if rowBlocks == 1, !hasManyRows, byPanels <= byTiles * 1.05 {
            return Blocks(tiles: tiles, rowBlocks: 1, panelGroups: min(panels, threads))
        }
        let evenBlocks = min(tiles, (rowBlocks + threads - 1) / threads * threads)
        return Blocks(tiles: tiles, rowBlocks: evenBlocks, panelGroups: 1)
    }

    /// The time of the thread with the most of `count` equal pieces, over what it is where all have as many.
    private static func share(of count: Int, _ threads: Int) -> Double {
        Double((count + threads - 1) / threads * threads) / Double(count)
    }

    /// Tiles are as equal as can be, none above the kernel's rows.
    private func rows(of tile: Int, tiles: Int) -> Range<Int> {
        rows * tile / tiles..<rows * (tile + 1) / tiles
    }

    private func run(part: Int, of blocks: Blocks, gather: Gather) {
        let block = part / blocks.panelGroups
        let group = part % blocks.panelGroups
        let tiles = blocks.tiles(of: block)
        let count = columns.panels.count
        let panels = count * group / blocks.panelGroups..<count * (group + 1) / blocks.panelGroups
        let first = rows(of: tiles.lowerBound, tiles: blocks.tiles).lowerBound
        let end = rows(of: tiles.upperBound - 1, tiles: blocks.tiles).upperBound
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: (end - first) * taps) { pointers in
            guard let table = pointers.baseAddress else { return }
            withUnsafeTemporaryAllocation(of: Int.self, capacity: tiles.count + 1) { starts in
                for index in 0...tiles.count { starts[index] = rows * (tiles.lowerBound + index) / blocks.tiles }
                for index in 0..<tiles.count {
                    gather(starts[index]..<starts[index + 1], table + (starts[index] - first) * taps)
                }
                // A few rows read weights as fast as memory gives them, with nothing to do meanwhile.
                let isLong = (end - first) * 2 > tiles.count * Int(columns.kernel.rows)
                for panel in panels {
                    let next = isLong && panel + 1 < panels.upperBound ? columns.panels[panel + 1] : nil
                    multiply(UnsafeBufferPointer(starts), columns.panels[panel], UnsafePointer(table), next: next)
                }
            }
        }
        if let function = activation.unary, !panels.isEmpty {
            let left = columns.panels[panels.lowerBound].firstColumn
            let last = columns.panels[panels.upperBound - 1]
            Elementwise.apply(
                function, rows: end - first, columns: last.firstColumn + last.columns - left,
                of: output + first * outputStride + left, stride: outputStride, kernel: elementwise)
        }
    }

    /// Multiplies the rows of tiles, which begin at `starts`, the last entry their end, and whose pointers start at
    /// `table`, by the columns of `panel`, and brings `next` into the cache meanwhile.
    private func multiply(
        _ starts: UnsafeBufferPointer<Int>, _ panel: PackedColumns.Panel, _ table: UnsafePointer<UnsafePointer<Float>?>,
        next: PackedColumns.Panel?
    ) {
        let bounds = activation.clampBounds
        let tiles = starts.count - 1
        var (pointers, offset) = (table, starts[0] * outputStride + panel.firstColumn)
        var tile = qt_f32_gemm_tile(
            rows: 0, columns: panel.columns, width: panel.width, taps: taps, depth: depth, a: pointers,
            panel: columns.start(of: panel), ahead: nil, ahead_step: 0, c: output, c_stride: outputStride,
            residual: nil,
            residual_stride: outputStride, lower: bounds.lower, upper: bounds.upper)
        let ahead = next.map {
            PackedColumns.Lookahead(
                columns.start(of: $0), width: $0.width, depth: columns.depth, tiles: tiles)
        }
        tile.ahead_step = ahead?.step ?? 0
        let kernel = columns.kernel
        for index in 0..<tiles {
            (tile.rows, tile.a) = (starts[index + 1] - starts[index], pointers)
            tile.c = output + offset
            tile.residual = residual.map { $0 + offset }
            tile.ahead = ahead?.start(forTile: index)
            kernel.run(&tile)
            pointers += tile.rows * taps
            offset += tile.rows * outputStride
        }
    }
}
