internal import CQTuneKernels
internal import QTuneTensor

/// One attention as tiles of queries: those of a matrix follow one another, matrix by matrix.
struct AttentionWork {
    let gemm: qt_f32_gemm_row
    /// Tiles in all.
    let tiles: Int

    private let queries: Operand
    private let keys: Operand
    private let values: Operand
    private let output: Operand
    private let bias: BiasNumbers?
    private let visible: ((_ batch: Int, _ row: Int) -> Range<Int>)?
    private let scale: Float
    private let softcap: Float
    private let clearsHiddenRows: Bool
    private let kernel: qt_f32_attention_row
    private let transpose: qt_transpose_row
    private let tilesPerMatrix: Int
    /// Blocks of keys that are worked on at once.
    private let blocks: Int
    private let valueColumns: PanelSplit

    /// Matrices in memory that somebody else keeps alive: tiles are too small a work to count references.
    private struct Operand {
        let start: UnsafeMutablePointer<Float>
        let batchStride: Int
        let headStride: Int
        let rowStride: Int
        let rows: Int
        let columns: Int
        let heads: Int
        /// Heads of the queries for each head.
        let sharing: Int

        init(_ matrices: FloatAttention.Matrices, queryHeads: Int) {
            start = matrices.tensor.unsafeElements(Float.self) + matrices.offset
            (batchStride, headStride, rowStride) = (matrices.batchStride, matrices.headStride, matrices.rowStride)
            (rows, columns, heads) = (matrices.rows, matrices.columns, matrices.heads)
            sharing = max(1, queryHeads / max(1, matrices.heads))
        }

        /// A row of the matrix that serves a head of the queries.
        func row(_ row: Int, batch: Int, head: Int) -> UnsafeMutablePointer<Float> {
            start + batch * batchStride + head / sharing * headStride + row * rowStride
        }
    }

    private struct BiasNumbers {
        let start: UnsafePointer<Float>
        let batchStride: Int
        let headStride: Int
        let rowStride: Int
        let replaces: Bool

        init(_ bias: FloatAttention.Bias) {
            start = UnsafePointer(bias.tensor.unsafeElements(Float.self))
            (batchStride, headStride, rowStride) = (bias.batchStride, bias.headStride, bias.rowStride)
            replaces = bias.replaces
        }
    }

    /// A block of keys, and how their columns are packed.
    private struct KeyBlock {
        let keys: Range<Int>
        let columns: PanelSplit
    }

    /// A tile of queries over a block of keys.
    private struct Tile {
        var batch: Int
        var head: Int
        var rows: Range<Int>
        /// Where the tile starts among the rows of its run.
        var place: Int
        /// Keys of the block up to the last one that any of the queries sees.
        var keys: Int
        /// Whether blocks before have given results.
        var continues: Bool
    }

    /// The memory that one thread works in.
    private struct Scratch {
        var keys: UnsafeMutablePointer<Float>
        var values: UnsafeMutablePointer<Float>
        var scores: UnsafeMutablePointer<Float>
        /// For each query of a run, the largest score and the sum of weights so far.
        var largest: UnsafeMutablePointer<Float>
        var sums: UnsafeMutablePointer<Float>
        /// The rows that a product takes.
        var rows: UnsafeMutablePointer<UnsafePointer<Float>?>
        /// For each tile of a run, whether it has results.
        var isBegun: UnsafeMutablePointer<Bool>
        /// What is packed: the first key and the first value of a block.
        var packed: (keys: UnsafePointer<Float>, values: UnsafePointer<Float>)?
    }

    /// Floats of packed keys and values that stay in the second-level cache beside what passes through.
    private static let blockFloats = 98_304
    /// Keys whose scores stay in the first-level cache.
    private static let blockKeys = 576
    /// Tiles whose results stay in the cache while block after block of keys adds to them.
    private static let runTiles = 32

    init(_ attention: FloatAttention, into output: FloatAttention.Matrices, tier: CPUTier?) {
        let heads = attention.queries.heads
        queries = Operand(attention.queries, queryHeads: heads)
        keys = Operand(attention.keys, queryHeads: heads)
        values = Operand(attention.values, queryHeads: heads)
        self.output = Operand(output, queryHeads: heads)
        bias = attention.bias.map(BiasNumbers.init)
        (visible, clearsHiddenRows) = (attention.visible, attention.clearsHiddenRows)
        (scale, softcap) = (attention.scale, attention.softcap)
        gemm = FloatKernels.gemm(for: tier)
        kernel = FloatKernels.attention(for: tier)
        transpose = FloatKernels.transpose(for: tier)
        tilesPerMatrix = (queries.rows + Int(gemm.rows) - 1) / Int(gemm.rows)
        tiles = tilesPerMatrix * attention.batches * heads
        let most = max(64, min(Self.blockKeys, Self.blockFloats / max(1, keys.columns + values.columns)))
        blocks = (keys.rows + most - 1) / most
        valueColumns = PanelSplit(columns: values.columns, depth: 0, kernel: gemm)
    }

    func run(tiles range: Range<Int>) {
        withScratch { scratch in
            var tile = range.lowerBound
            while tile < range.upperBound {
                let matrix = tile / tilesPerMatrix
                let first = matrix * tilesPerMatrix
                let end = min(range.upperBound, first + tilesPerMatrix, tile + Self.runTiles)
                run(tile - first..<end - first, batch: matrix / queries.heads, head: matrix % queries.heads, &scratch)
                tile = end
            }
        }
    }

    private func withScratch(_ body: (inout Scratch) -> Void) {
        // Blocks are as equal as can be, so none is longer than this.
        let longest = blocks > 0 ? (keys.rows + blocks - 1) / blocks : 0
        let columns = PanelSplit(columns: longest, depth: keys.columns, kernel: gemm)
        let valueFloats = valueColumns.width * (longest + 1)
        let scoreFloats = columns.width * Int(gemm.rows)
        let runRows = Self.runTiles * Int(gemm.rows)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: Int(gemm.rows)) { rows in
            withUnsafeTemporaryAllocation(of: Bool.self, capacity: Self.runTiles) { isBegun in
                guard let rows = rows.baseAddress, let isBegun = isBegun.baseAddress else { return }
                ScratchMemory.withFloats(columns.floats + valueFloats + scoreFloats + 2 * runRows) { start in
                    let values = start + columns.floats
                    let scores = values + valueFloats
                    let largest = scores + scoreFloats
                    var scratch = Scratch(
                        keys: start, values: values, scores: scores, largest: largest, sums: largest + runRows,
                        rows: rows, isBegun: isBegun)
                    body(&scratch)
                }
            }
        }
    }

    /// The queries of a tile; tiles are as equal as can be.
    private func rows(of tile: Int) -> Range<Int> {
        queries.rows * tile / tilesPerMatrix..<queries.rows * (tile + 1) / tilesPerMatrix
    }

    private func block(_ index: Int) -> KeyBlock {
        let range = keys.rows * index / blocks..<keys.rows * (index + 1) / blocks
        return KeyBlock(
            keys: range, columns: PanelSplit(columns: range.count, depth: keys.columns, kernel: gemm))
    }

    /// Works on neighbouring tiles of one matrix, block after block of keys.
    private func run(_ tiles: Range<Int>, batch: Int, head: Int, _ scratch: inout Scratch) {
        let first = rows(of: tiles.lowerBound).lowerBound
        let end = rows(of: tiles.upperBound - 1).upperBound
        scratch.sums.update(repeating: 0, count: end - first)
        scratch.isBegun.update(repeating: false, count: tiles.count)
        for index in 0..<blocks {
            let block = block(index)
            for tile in tiles {
                let rows = rows(of: tile)
                // Blocks that no query of a tile sees are left out of it.
                let seen = lastSeen(rows, of: block, batch: batch)
                guard seen > 0 else { continue }
                pack(block, batch: batch, head: head, &scratch)
                let number = tile - tiles.lowerBound
                let part = Tile(
                    batch: batch, head: head, rows: rows, place: rows.lowerBound - first, keys: seen,
                    continues: scratch.isBegun[number])
                multiplyKeys(part, block, scratch)
                weigh(part, block, scratch)
                multiplyValues(part, block, scratch)
                scratch.isBegun[number] = true
            }
        }
        finish(tiles, batch: batch, head: head, scratch)
    }

    /// Divides the results of a run by the sums of weights.
    private func finish(_ tiles: Range<Int>, batch: Int, head: Int, _ scratch: Scratch) {
        for tile in tiles where !scratch.isBegun[tile - tiles.lowerBound] {
            for row in rows(of: tile) {
                output.row(row, batch: batch, head: head).update(repeating: 0, count: output.columns)
            }
        }
        let first = rows(of: tiles.lowerBound).lowerBound
        var quotient = qt_f32_attention_quotient(
            rows: rows(of: tiles.upperBound - 1).upperBound - first, width: output.columns,
            results: output.row(first, batch: batch, head: head), results_stride: output.rowStride,
            sums: UnsafePointer(scratch.sums), clears: clearsHiddenRows || keys.rows == 0)
        kernel.divide(&quotient)
    }

    /// How many keys of a block there are up to the last one that any of some queries sees.
    private func lastSeen(_ rows: Range<Int>, of block: KeyBlock, batch: Int) -> Int {
        guard let visible else { return block.keys.count }
        return rows.reduce(0) { last, row in
            let range = visible(batch, row).clamped(to: block.keys)
            return range.isEmpty ? last : max(last, range.upperBound - block.keys.lowerBound)
        }
    }

    /// Packs the keys and values of a block, unless they are packed already.
    private func pack(_ block: KeyBlock, batch: Int, head: Int, _ scratch: inout Scratch) {
        let source = UnsafePointer(keys.row(block.keys.lowerBound, batch: batch, head: head))
        let weighed = UnsafePointer(values.row(block.keys.lowerBound, batch: batch, head: head))
        if let packed = scratch.packed, packed == (source, weighed) { return }
        scratch.packed = (source, weighed)
        let depth = keys.columns
        for index in 0..<block.columns.count {
            let panel = block.columns[index]
            let target = scratch.keys + panel.offset
            target.update(repeating: 0, count: panel.columns < panel.width ? panel.width * (depth + 1) : panel.width)
            transpose.run(
                MemoryLayout<Float>.stride, source + panel.firstColumn * keys.rowStride, keys.rowStride,
                target + panel.width, panel.width, panel.columns, depth)
        }
        for index in 0..<valueColumns.count {
            let panel = valueColumns[index]
            let target = scratch.values + panel.firstColumn * (block.keys.count + 1)
            target.update(repeating: 0, count: panel.width)
            kernel.gather(
                weighed + panel.firstColumn, values.rowStride, target + panel.width, panel.width, block.keys.count,
                panel.columns)
        }
    }

    /// Writes the products of a tile's queries and the keys that any of them sees.
    private func multiplyKeys(_ tile: Tile, _ block: KeyBlock, _ scratch: Scratch) {
        let first = UnsafePointer(queries.row(tile.rows.lowerBound, batch: tile.batch, head: tile.head))
        var call = product(of: first, stride: queries.rowStride, depth: queries.columns, tile, scratch)
        call.c_stride = block.columns.width
        for index in 0..<block.columns.count {
            let panel = block.columns[index]
            guard panel.firstColumn < tile.keys else { return }
            (call.width, call.columns) = (panel.width, panel.width)
            call.panel = UnsafePointer(scratch.keys + panel.offset)
            call.c = scratch.scores + panel.firstColumn
            gemm.run(&call)
        }
    }

    /// Makes weights of the products of a tile.
    private func weigh(_ tile: Tile, _ block: KeyBlock, _ scratch: Scratch) {
        let results = output.row(tile.rows.lowerBound, batch: tile.batch, head: tile.head)
        var call = qt_f32_attention_block(
            rows: tile.rows.count, keys: tile.keys, scores: scratch.scores, stride: block.columns.width, scale: scale,
            softcap: softcap, bias: nil, bias_stride: 0, replaces: false, seen: nil,
            largest: scratch.largest + tile.place, sums: scratch.sums + tile.place,
            results: tile.continues ? results : nil, results_stride: output.rowStride, width: output.columns)
        if let bias {
            let place =
                tile.batch * bias.batchStride + tile.head * bias.headStride + tile.rows.lowerBound * bias.rowStride
            call.bias = bias.start + place + block.keys.lowerBound
            (call.bias_stride, call.replaces) = (bias.rowStride, bias.replaces)
        }
        guard let visible else { return kernel.weigh(&call) }
        withUnsafeTemporaryAllocation(of: qt_f32_attention_range.self, capacity: tile.rows.count) { ranges in
            for (index, row) in tile.rows.enumerated() {
                let range = visible(tile.batch, row).clamped(to: block.keys)
                ranges.initializeElement(
                    at: index,
                    to: qt_f32_attention_range(
                        first: UInt32(range.lowerBound - block.keys.lowerBound),
                        end: UInt32(range.upperBound - block.keys.lowerBound)))
            }
            call.seen = UnsafePointer(ranges.baseAddress)
            kernel.weigh(&call)
        }
    }

    /// Adds the values that the weights of a tile weigh to its results.
    private func multiplyValues(_ tile: Tile, _ block: KeyBlock, _ scratch: Scratch) {
        let results = output.row(tile.rows.lowerBound, batch: tile.batch, head: tile.head)
        var call = product(
            of: UnsafePointer(scratch.scores), stride: block.columns.width, depth: tile.keys, tile, scratch)
        (call.c_stride, call.residual_stride) = (output.rowStride, output.rowStride)
        for index in 0..<valueColumns.count {
            let panel = valueColumns[index]
            (call.width, call.columns) = (panel.width, panel.columns)
            call.panel = UnsafePointer(scratch.values + panel.firstColumn * (block.keys.count + 1))
            call.c = results + panel.firstColumn
            call.residual = tile.continues ? UnsafePointer(call.c) : nil
            gemm.run(&call)
        }
    }

    /// A call of the product's kernel for the rows of a tile, of which the first one is given.
    private func product(
        of first: UnsafePointer<Float>, stride: Int, depth: Int, _ tile: Tile, _ scratch: Scratch
    ) -> qt_f32_gemm_tile {
        let count = tile.rows.count
        for index in 0..<count { scratch.rows[index] = first + index * stride }
        return qt_f32_gemm_tile(
            rows: count, columns: 0, width: 0, taps: 1, depth: depth, a: UnsafePointer(scratch.rows), panel: nil,
            ahead: nil, ahead_step: 0, c: nil, c_stride: 0, residual: nil, residual_stride: 0, lower: -.infinity,
            upper: .infinity)
    }
}
