internal import CQTuneKernels
internal import QTuneTensor

/// The windows of a 3x3 convolution with stride 1, transformed for squares of output pixels, and its run over NHWC
/// images.
///
/// Each cell of a transformed square is a matrix product of its own: squares times input channels, times input channels
/// times output channels. Squares are taken in blocks whose cells stay in the second-level cache. A value that is not
/// finite spoils all outputs of the squares that see it.
struct WinogradWeights: Sendable {
    private let storage: TensorStorage
    private let bias: [Float]
    private let panels: [PackedColumns.Panel]
    private let depth: Int
    private let columns: Int
    nonisolated(unsafe) private let kernel: qt_f32_winograd_row
    nonisolated(unsafe) private let product: qt_f32_gemm_row

    /// The row of the table that transforms; matrix products do the rest.
    var kernelName: String { String(cString: kernel.name) }

    /// Pixels along a side of a square of outputs, and the cells that it is made of.
    private var tile: Int { Int(kernel.tile) }
    private var cells: Int { (tile + 2) * (tile + 2) }

    /// Channels, in and out, that transforms are worth while for.
    private static let fewChannels = 16
    /// Windows from which on the smaller square is taken: its weights are 16/9 as many as the window's, those of the
    /// larger one four times as many, and memory sets the pace of the small images that so many channels have.
    private static let manyWindows = 512 * 512

    /// The side of the squares that a convolution with such weights is done in; nil where it is better done directly.
    static func tile(weights: Shape, groups: Int, stride: Extent2D, dilation: Extent2D) -> Int? {
        guard groups == 1, weights[2] == 3, weights[3] == 3, stride == .one, dilation == .one,
            min(weights[0], weights[1]) >= fewChannels
        else { return nil }
        return weights[0] * weights[1] >= manyWindows ? 2 : 4
    }

    /// Transforms and packs `weights`, [O, I, 3, 3]: for each panel and each cell O biases of 0 and [I, O] windows.
    init(_ weights: Tensor, bias: FloatBias, tile: Int, tier: CPUTier) {
        kernel = FloatKernels.winograd(for: tier, tile: tile)
        product = FloatKernels.gemm(for: tier)
        let (columns, depth) = (weights.shape[0], weights.shape[1])
        (self.columns, self.depth) = (columns, depth)
        panels = PackedColumns.panels(columns: columns, depth: depth, kernel: product)
        self.bias = (0..<columns).map { bias[$0] }
        let cells = Int(kernel.tile + 2) * Int(kernel.tile + 2)
        let floats = panels.reduce(0) { $0 + $1.width * (depth + 1) } * cells
        storage = TensorStorage(byteCount: floats * MemoryLayout<Float>.stride)
        pack(weights, cells: cells, transpose: FloatKernels.transpose(for: tier))
        extendLifetime(weights)
    }

    private func pack(_ weights: Tensor, cells: Int, transpose: qt_transpose_row) {
        let widest = panels.map(\.width).max() ?? 0
        ScratchMemory.withFloats(cells * widest * depth) { transformed in
            for panel in panels {
                let windows = panel.firstColumn * depth * 9..<(panel.firstColumn + panel.columns) * depth * 9
                weights.withAlignedFloats(windows) { windows in
                    for column in 0..<panel.columns {
                        var call = qt_f32_winograd_filter(
                            windows: windows + column * depth * 9, channels: depth,
                            cells: transformed + column * depth, cell_step: widest * depth)
                        kernel.filter(&call)
                    }
                }
                for cell in 0..<cells {
                    let target = start(of: panel, cell: cell)
                    let isNarrow = panel.columns < panel.width
                    target.initialize(repeating: 0, count: isNarrow ? panel.width * (depth + 1) : panel.width)
                    transpose.run(
                        MemoryLayout<Float>.stride, transformed + cell * widest * depth, depth, target + panel.width,
                        panel.width, panel.columns, depth)
                }
            }
        }
    }

    private func start(of panel: PackedColumns.Panel, cell: Int) -> UnsafeMutablePointer<Float> {
        storage.base.assumingMemoryBound(to: Float.self) + panel.offset * cells + cell * panel.width * (depth + 1)
    }

    /// The pointers of a run, and what happens to its results last.
    struct Operands {
        var input: UnsafePointer<Float>
        var residual: UnsafePointer<Float>?
        var output: UnsafeMutablePointer<Float>
        var activation: Activation
        var elementwise: qt_f32_elementwise_row
    }

    /// Writes `activation(convolution + bias + residual)`. No result depends on the blocks that threads work in.
    func run(_ shape: ConvolutionShape, _ operands: Operands, pool: ThreadPool) {
        let squares = WinogradSquares(shape, tile: tile)
        let widest = panels.map(\.width).max() ?? 0
        let bytes = cells * MemoryLayout<Float>.stride
        let work = WinogradSquares.Work(
            transformedBytes: bytes * depth, productBytes: bytes * widest, panels: panels.count, leastSquares: 8)
        squares.run(work, pool: pool) { range, block, target in
            transform(range, of: squares, operands, into: target.assumingMemoryBound(to: Float.self), block: block)
        } multiply: { block, panel, _, transformed, products in
            multiply(
                block, of: squares, panels[panel], transformed.assumingMemoryBound(to: Float.self),
                products.assumingMemoryBound(to: Float.self), operands)
        }
    }

    /// Writes the cells of `range`, a part of `block`: those of a square `depth` floats further than those of the one
    /// before, each cell of all squares of the block.
    private func transform(
        _ range: Range<Int>, of squares: WinogradSquares, _ operands: Operands,
        into target: UnsafeMutablePointer<Float>, block: Range<Int>
    ) {
        let shape = squares.shape
        for index in range {
            let place = squares[index]
            var call = qt_f32_winograd_input(
                image: operands.input + place.image * shape.inputHeight * shape.inputWidth * depth,
                height: shape.inputHeight, width: shape.inputWidth, channels: depth, pixel_step: depth,
                top: place.row - shape.padding.top, left: place.column - shape.padding.left,
                cells: target + (index - block.lowerBound) * depth, cell_step: block.count * depth)
            kernel.input(&call)
        }
    }

    /// Multiplies the cells of `block` by the weights of `panel` and writes the outputs.
    private func multiply(
        _ block: Range<Int>, of squares: WinogradSquares, _ panel: PackedColumns.Panel,
        _ transformed: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ operands: Operands
    ) {
        let count = block.count
        let tiles = (count + Int(product.rows) - 1) / Int(product.rows)
        for cell in 0..<cells {
            let (left, target) = (transformed + cell * count * depth, sums + cell * count * panel.width)
            let weights = start(of: panel, cell: cell)
            let ahead =
                cell + 1 < cells
                ? PackedColumns.Lookahead(
                    start(of: panel, cell: cell + 1), width: panel.width, depth: depth, tiles: tiles) : nil
            for tile in 0..<tiles {
                multiply(
                    count * tile / tiles..<count * (tile + 1) / tiles, left, weights, panel, target,
                    ahead: ahead?.start(forTile: tile), step: ahead?.step ?? 0)
            }
        }
        for index in block {
            write(
                squares[index], of: squares, panel, sums + (index - block.lowerBound) * panel.width,
                cellStep: count * panel.width, operands)
        }
    }

    private func multiply(
        _ rows: Range<Int>, _ left: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ panel: PackedColumns.Panel,
        _ target: UnsafeMutablePointer<Float>, ahead: UnsafePointer<Float>?, step: Int
    ) {
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: rows.count) { pointers in
            for row in rows { pointers[row - rows.lowerBound] = left + row * depth }
            var call = qt_f32_gemm_tile(
                rows: rows.count, columns: panel.width, width: panel.width, taps: 1, depth: depth,
                a: UnsafePointer(pointers.baseAddress), panel: weights, ahead: ahead, ahead_step: step,
                c: target + rows.lowerBound * panel.width, c_stride: panel.width, residual: nil, residual_stride: 0,
                lower: -.infinity, upper: .infinity)
            product.run(&call)
        }
    }

    private func write(
        _ place: WinogradSquares.Place, of squares: WinogradSquares, _ panel: PackedColumns.Panel,
        _ cells: UnsafePointer<Float>, cellStep: Int, _ operands: Operands
    ) {
        let (rows, pixels) = squares.extent(at: place)
        let width = squares.width
        let offset = squares.pixel(at: place) * columns + panel.firstColumn
        let bounds = operands.activation.clampBounds
        bias.withUnsafeBufferPointer { bias in
            guard let bias = bias.baseAddress else { return }
            var call = qt_f32_winograd_output(
                cells: cells, cell_step: cellStep, bias: bias + panel.firstColumn, columns: panel.columns, rows: rows,
                pixels: pixels, output: operands.output + offset, residual: operands.residual.map { $0 + offset },
                row_step: width * columns, pixel_step: columns, lower: bounds.lower, upper: bounds.upper)
            kernel.output(&call)
        }
        guard let function = operands.activation.unary else { return }
        for row in 0..<rows {
            Elementwise.apply(
                function, rows: pixels, columns: panel.columns, of: operands.output + offset + row * width * columns,
                stride: columns, kernel: operands.elementwise)
        }
    }
}
