internal import CQTuneKernels
internal import QTuneTensor

/// The windows of a depthwise convolution, channels innermost, and its run over NHWC images.
struct DepthwiseWeights: Sendable {
    private let storage: TensorStorage
    private let channels: Int
    private let taps: Int
    nonisolated(unsafe) private let kernel: qt_f32_depthwise_row

    /// Packs `weights`, [C, 1, height, width]: C biases, then the windows as [height, width, C].
    init(_ weights: Tensor, bias: FloatBias, kernel: qt_f32_depthwise_row) {
        self.kernel = kernel
        channels = weights.shape[0]
        taps = weights.shape[2] * weights.shape[3]
        storage = TensorStorage(byteCount: channels * (taps + 1) * MemoryLayout<Float>.stride)
        let target = storage.base.assumingMemoryBound(to: Float.self)
        weights.withAlignedFloats(0..<channels * taps) { source in
            for channel in 0..<channels {
                target[channel] = bias[channel]
                for tap in 0..<taps { target[(tap + 1) * channels + channel] = source[channel * taps + tap] }
            }
        }
        extendLifetime(weights)
    }

    /// Writes `activation(convolution + bias + residual)`, one output row after the other.
    func run(
        _ shape: ConvolutionShape, _ input: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
        _ output: UnsafeMutablePointer<Float>, activation: Activation, elementwise: qt_f32_elementwise_row,
        pool: ThreadPool
    ) {
        let (height, width) = (shape.outputHeight, shape.outputWidth)
        let columns = ColumnRuns(shape)
        let rowFloats = width * channels
        let grain = max(1, 65_536 / (rowFloats * taps))
        pool.run(over: shape.batch * height, grain: grain) { range in
            for row in range {
                run(
                    row: row % height, shape, columns,
                    input + row / height * shape.inputHeight * shape.inputWidth * channels,
                    residual: residual.map { $0 + row * rowFloats }, output + row * rowFloats,
                    bounds: activation.clampBounds)
                if let function = activation.unary {
                    Elementwise.apply(
                        function, rows: 1, columns: rowFloats, of: output + row * rowFloats, stride: rowFloats,
                        kernel: elementwise)
                }
            }
        }
    }

    private func run(
        row: Int, _ shape: ConvolutionShape, _ columns: ColumnRuns, _ image: UnsafePointer<Float>,
        residual: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, bounds: (lower: Float, upper: Float)
    ) {
        let rows = shape.window.rows(at: row, of: shape.inputHeight)
        let bias = UnsafePointer(storage.base.assumingMemoryBound(to: Float.self))
        let windowRow = shape.kernel.width * channels
        for run in columns.runs {
            let tap = rows.first * shape.kernel.width + run.taps.first
            let shown = rows.inside > 0 && run.taps.inside > 0
            var call = qt_f32_depthwise_run(
                pixels: run.pixels.count, channels: channels, window_rows: shown ? rows.inside : 0,
                window_columns: shown ? run.taps.inside : 0,
                input: shown ? image + (rows.start * shape.inputWidth + run.taps.start) * channels : image,
                row_step: shape.dilation.height * shape.inputWidth * channels,
                column_step: shape.dilation.width * channels, pixel_step: shape.stride.width * channels,
                weights: shown ? bias + (tap + 1) * channels : bias, weight_row_step: windowRow, bias: bias,
                output: output + run.pixels.lowerBound * channels,
                residual: residual.map { $0 + run.pixels.lowerBound * channels }, lower: bounds.lower,
                upper: bounds.upper)
            kernel.run(&call)
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
