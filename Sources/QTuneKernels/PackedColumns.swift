internal import CQTuneKernels
internal import QTuneTensor

/// The right-hand side of a matrix product, with its bias, in the order that one gemm kernel reads it.
struct PackedColumns: @unchecked Sendable {
    /// Neighbouring columns that a kernel call produces.
    struct Panel {
        var firstColumn: Int
        var columns: Int
        /// `columns` rounded up to whole registers.
        var width: Int
        /// Floats from the start of the packed data.
        var offset: Int
    }

    let kernel: qt_f32_gemm_row
    /// Terms of each sum.
    let depth: Int
    let columns: Int
    let panels: [Panel]
    private let storage: TensorStorage

    /// Packs `depth` x `columns` numbers.
    /// - Parameters:
    ///   - bias: the number that each column's sums start from.
    ///   - fill: writes the columns of a panel, `depth` rows that are `panel.width` apart; columns past
    ///     `panel.columns` hold 0 already.
    init(
        depth: Int, columns: Int, kernel: qt_f32_gemm_row, bias: (Int) -> Float,
        fill: (_ panel: Panel, _ target: UnsafeMutablePointer<Float>) -> Void
    ) {
        self.kernel = kernel
        self.depth = depth
        self.columns = columns
        panels = Self.panels(columns: columns, depth: depth, kernel: kernel)
        let floats = panels.reduce(0) { $0 + $1.width * (depth + 1) }
        storage = TensorStorage(byteCount: floats * MemoryLayout<Float>.stride)
        let start = storage.base.assumingMemoryBound(to: Float.self)
        for panel in panels {
            let target = start + panel.offset
            if panel.columns < panel.width { target.initialize(repeating: 0, count: panel.width * (depth + 1)) }
            for column in 0..<panel.width {
                target[column] = column < panel.columns ? bias(panel.firstColumn + column) : 0
            }
            fill(panel, target + panel.width)
        }
    }

    /// Packs `scale` times a matrix of `depth` x `columns`, or of `columns` x `depth` where `transposed` says so.
    /// - Parameter stride: floats between rows of the matrix as it is stored; nil where they follow one another.
    init(
        matrix: UnsafePointer<Float>, stride: Int? = nil, transposed: Bool, depth: Int, columns: Int, scale: Float = 1,
        kernel: qt_f32_gemm_row, tier: CPUTier?, bias: (Int) -> Float = { _ in 0 }
    ) {
        let transpose = FloatKernels.transpose(for: tier)
        let elements = FloatKernels.elementwise(for: tier)
        let stride = stride ?? (transposed ? depth : columns)
        self.init(depth: depth, columns: columns, kernel: kernel, bias: bias) { panel, target in
            if transposed {
                transpose.run(
                    MemoryLayout<Float>.stride, matrix + panel.firstColumn * stride, stride, target, panel.width,
                    panel.columns, depth)
            } else {
                for row in 0..<depth {
                    (target + row * panel.width).update(
                        from: matrix + row * stride + panel.firstColumn, count: panel.columns)
                }
            }
            if scale != 1 { elements.unary(QT_UNARY_AFFINE, target, target, depth * panel.width, scale, 0) }
        }
    }

    func start(of panel: Panel) -> UnsafePointer<Float> {
        UnsafePointer(storage.base.assumingMemoryBound(to: Float.self) + panel.offset)
    }

    /// Weights that the tiles of one panel bring into the cache for the next.
    struct Lookahead {
        /// Floats that each step of a tile's reduction fetches: one cache line, which memory keeps up with, where there
        /// are tiles enough for that, else two.
        let step: Int
        private let start: UnsafePointer<Float>
        private let width: Int
        private let depth: Int

        /// - Parameters:
        ///   - start: where the `depth` x `width` weights are.
        ///   - tiles: how many tiles share the work.
        init(_ start: UnsafePointer<Float>, width: Int, depth: Int, tiles: Int) {
            (self.start, self.width, self.depth) = (start, width, depth)
            let line = 16
            step = width <= tiles * line ? line : 2 * line
        }

        /// Where a tile has the kernel fetch from; nil when everything is there.
        func start(forTile tile: Int) -> UnsafePointer<Float>? {
            tile * step < width ? start + tile * step * depth : nil
        }
    }

    /// The panels of `columns` columns of `depth` numbers each.
    static func panels(columns: Int, depth: Int, kernel: qt_f32_gemm_row) -> [Panel] {
        let split = PanelSplit(columns: columns, depth: depth, kernel: kernel)
        return (0..<split.count).map { split[$0] }
    }
}

/// How columns divide into panels: as wide as the kernel allows and as equal as whole registers allow, so that no panel
/// is much narrower than the others.
struct PanelSplit {
    let count: Int
    /// Columns of all panels, those that only fill registers among them.
    var width: Int { registers * lanes }

    private let columns: Int
    private let depth: Int
    private let lanes: Int
    private let registers: Int

    init(columns: Int, depth: Int, kernel: qt_f32_gemm_row) {
        (self.columns, self.depth, lanes) = (columns, depth, Int(kernel.lanes))
        registers = (columns + lanes - 1) / lanes
        count = (registers + Int(kernel.vectors) - 1) / Int(kernel.vectors)
    }

    /// Floats of all panels.
    var floats: Int { width * (depth + 1) }

    subscript(index: Int) -> PackedColumns.Panel {
        // The first panels have the registers that do not divide evenly.
        let (each, more) = (registers / count, registers % count)
        let first = (each * index + min(index, more)) * lanes
        let width = (each + (index < more ? 1 : 0)) * lanes
        return PackedColumns.Panel(
            firstColumn: first, columns: min(width, columns - first), width: width, offset: first * (depth + 1))
    }
}
