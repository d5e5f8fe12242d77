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
    ///   - element: the number at a depth and column.
    init(
        depth: Int, columns: Int, kernel: qt_f32_gemm_row, bias: (Int) -> Float, element: (Int, Int) -> Float
    ) {
        self.kernel = kernel
        self.depth = depth
        self.columns = columns
        panels = Self.panels(columns: columns, depth: depth, kernel: kernel)
        let floats = panels.reduce(0) { $0 + $1.width * (depth + 1) }
        storage = TensorStorage(byteCount: floats * MemoryLayout<Float>.stride)
        var target = storage.base.assumingMemoryBound(to: Float.self)
        for panel in panels {
            for row in 0...depth {
                for column in 0..<panel.width {
                    let source = panel.firstColumn + column
                    target[column] =
                        column >= panel.columns ? 0 : row == 0 ? bias(source) : element(row - 1, source)
                }
                target += panel.width
            }
        }
    }

    func start(of panel: Panel) -> UnsafePointer<Float> {
        UnsafePointer(storage.base.assumingMemoryBound(to: Float.self) + panel.offset)
    }

    /// Panels as wide as the kernel allows and as equal as whole registers allow, so that no panel is much narrower
    /// than the others.
    private static func panels(columns: Int, depth: Int, kernel: qt_f32_gemm_row) -> [Panel] {
        let lanes = Int(kernel.lanes)
        let registers = (columns + lanes - 1) / lanes
        let count = (registers + Int(kernel.vectors) - 1) / Int(kernel.vectors)
        var panels: [Panel] = []
        var (first, offset) = (0, 0)
        for index in 0..<count {
            let width = (registers / count + (index < registers % count ? 1 : 0)) * lanes
            panels.append(
                Panel(firstColumn: first, columns: min(width, columns - first), width: width, offset: offset))
            first += width
            offset += width * (depth + 1)
        }
        return panels
    }
}
