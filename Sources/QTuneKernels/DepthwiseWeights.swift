internal import CQTuneKernels
internal import QTuneTensor

/// The windows of a depthwise convolution, or of one in groups of a few channels, channels innermost, and its run over
/// NHWC images.
struct DepthwiseWeights: Sendable {
    private let storage: TensorStorage
    private let channels: Int
    /// Channels of a group, inputs as well as outputs.
    private let width: Int
    private let taps: Int
    nonisolated(unsafe) private let kernel: qt_f32_depthwise_row
    nonisolated(unsafe) private let grouped: qt_f32_grouped_row

    /// Packs `weights`, [C, inputs, height, width]: C biases, then the windows as [height, width, input, C].
    init(_ weights: Tensor, bias: FloatBias, tier: CPUTier) {
        kernel = FloatKernels.depthwise(for: tier)
        grouped = FloatKernels.grouped(for: tier)
        channels = weights.shape[0]
        width = weights.shape[1]
        taps = weights.shape[2] * weights.shape[3]
        let terms = width * taps
        storage = TensorStorage(byteCount: channels * (terms + 1) * MemoryLayout<Float>.stride)
        let target = storage.base.assumingMemoryBound(to: Float.self)
        weights.withAlignedFloats(0..<channels * terms) { source in
            for channel in 0..<channels {
                target[channel] = bias[channel]
                for input in 0..<width {
                    for tap in 0..<taps {
                        target[(tap * width + input + 1) * channels + channel] =
                            source[channel * terms + input * taps + tap]
                    }
                }
            }
        }
        extendLifetime(weights)
    }

    /// Whether weights [O, I / groups, ...] are those of groups that are served.
    static func serves(_ weights: Shape, groups: Int) -> Bool {
        groups > 1 && weights[0] == groups * weights[1] && [1, 2, 4, 8].contains(weights[1])
    }

    /// The row of the kernels' tables that does the work.
    var kernelName: String { String(cString: width == 1 ? kernel.name : grouped.name) }

    /// Memory of a run and what happens to each result last.
    struct Operands {
        var input: UnsafePointer<Float>
        var residual: UnsafePointer<Float>?
        var output: UnsafeMutablePointer<Float>
        var activation: Activation
        var elementwise: qt_f32_elementwise_row
    }

    /// Multiply-accumulates that make a part of the work worth while.
    private static let partWork = 65_536

    /// Writes `activation(convolution + bias + residual)`. No result depends on how rows are parted.
    func run(_ shape: ConvolutionShape, _ operands: Operands, pool: ThreadPool) {
        let (height, width) = (shape.outputHeight, shape.outputWidth)
        let rowWork = max(1, width * channels * self.width * taps)
        if self.width == 1, Self.isServedByBands(shape) {
            let most = min(Int(kernel.band_rows), (height + pool.threads - 1) / pool.threads)
            let perImage = (height + most - 1) / most
            pool.run(over: shape.batch * perImage, grain: max(1, Self.partWork / (rowWork * most))) { range in
                for index in range {
                    let (image, band) = index.quotientAndRemainder(dividingBy: perImage)
                    let rows = height * band / perImage..<height * (band + 1) / perImage
                    run(band: rows, image: image, shape, operands)
                    finish(rows.count, from: image * height + rows.lowerBound, rowFloats: width * channels, operands)
                }
            }
        } else {
            let columns = ColumnRuns(shape)
            pool.run(over: shape.batch * height, grain: max(1, Self.partWork / rowWork)) { range in
                for row in range { run(row: row % height, image: row / height, shape, columns, operands) }
                finish(range.count, from: range.lowerBound, rowFloats: width * channels, operands)
            }
        }
    }

    private func finish(_ rows: Int, from first: Int, rowFloats: Int, _ operands: Operands) {
        guard let function = operands.activation.unary else { return }
        Elementwise.apply(
            function, rows: rows, columns: rowFloats, of: operands.output + first * rowFloats, stride: rowFloats,
            kernel: operands.elementwise)
    }

    /// Whether the kernel takes several output rows at once.
    private static func isServedByBands(_ shape: ConvolutionShape) -> Bool {
        let (side, stride) = (shape.kernel.height, shape.stride.height)
        return shape.kernel == Extent2D(height: side, width: side) && (side == 3 || side == 5)
            && shape.stride == Extent2D(height: stride, width: stride) && stride <= 2 && shape.dilation == .one
    }

    private func run(band rows: Range<Int>, image: Int, _ shape: ConvolutionShape, _ operands: Operands) {
        let (side, stride) = (shape.kernel.height, shape.stride.height)
        let first = rows.lowerBound * stride - shape.padding.top
        let lineFloats = shape.inputWidth * channels
        let pixels = operands.input + image * shape.inputHeight * lineFloats
        let offset = (image * shape.outputHeight + rows.lowerBound) * shape.outputWidth * channels
        let bounds = operands.activation.clampBounds
        let bias = UnsafePointer(storage.base.assumingMemoryBound(to: Float.self))
        withUnsafeTemporaryAllocation(
            of: UnsafePointer<Float>?.self, capacity: Int(QT_F32_DEPTHWISE_BAND_LINES)
        ) { lines in
            for line in 0..<(rows.count - 1) * stride + side {
                let y = first + line
                lines[line] = y >= 0 && y < shape.inputHeight ? pixels + y * lineFloats : nil
            }
            var call = qt_f32_depthwise_band(
                rows: rows.count, pixels: shape.outputWidth, channels: channels, side: side, stride: stride,
                left: shape.padding.left, width: shape.inputWidth, lines: UnsafePointer(lines.baseAddress),
                weights: bias + channels, bias: bias, output: operands.output + offset,
                output_step: shape.outputWidth * channels, residual: operands.residual.map { $0 + offset },
                lower: bounds.lower, upper: bounds.upper)
            kernel.band(&call)
        }
    }

    private func run(
        row: Int, image: Int, _ shape: ConvolutionShape, _ columns: ColumnRuns, _ operands: Operands
    ) {
        let pixels = operands.input + image * shape.inputHeight * shape.inputWidth * channels
        let offset = (image * shape.outputHeight + row) * shape.outputWidth * channels
        let bounds = operands.activation.clampBounds
        let rows = shape.window.rows(at: row, of: shape.inputHeight)
        let bias = UnsafePointer(storage.base.assumingMemoryBound(to: Float.self))
        let cell = width * channels
        let windowRow = shape.kernel.width * cell
        for run in columns.runs {
            let tap = rows.first * shape.kernel.width + run.taps.first
            let shown = rows.inside > 0 && run.taps.inside > 0
            var call = qt_f32_depthwise_run(
                pixels: run.pixels.count, channels: channels, window_rows: shown ? rows.inside : 0,
                window_columns: shown ? run.taps.inside : 0,
                input: shown ? pixels + (rows.start * shape.inputWidth + run.taps.start) * channels : pixels,
                row_step: shape.dilation.height * shape.inputWidth * channels,
                column_step: shape.dilation.width * channels, pixel_step: shape.stride.width * channels,
                weights: shown ? bias + channels + tap * cell : bias, weight_row_step: windowRow, bias: bias,
                output: operands.output + offset + run.pixels.lowerBound * channels,
                residual: operands.residual.map { $0 + offset + run.pixels.lowerBound * channels },
                lower: bounds.lower, upper: bounds.upper)
            if width == 1 { kernel.run(&call) } else { grouped.run(&call, width) }
        }
    }
}

/// The columns of an output row in runs that see the same taps of the window: pixels at the edges one by one, those
/// between them, which see the whole window, at once.
private struct ColumnRuns {
    struct Run {
        var pixels: Range<Int>
        var taps: ClippedTaps
    }

    private(set) var runs: [Run] = []

    init(_ shape: ConvolutionShape) {
        for column in 0..<shape.outputWidth {
            let taps = shape.window.columns(at: column, of: shape.inputWidth)
            if taps.inside == shape.kernel.width, let last = runs.last, last.taps.inside == shape.kernel.width {
                runs[runs.count - 1].pixels = last.pixels.lowerBound..<column + 1
            } else {
                runs.append(Run(pixels: column..<column + 1, taps: taps))
            }
        }
    }
}
