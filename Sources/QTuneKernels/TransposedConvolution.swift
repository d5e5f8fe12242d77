package import QTuneTensor

/// A float32 transposed convolution of NHWC images with constant weights, packed once for one tier.
///
/// Places of the output that are a stride apart read the input through the same taps, so each of them is an ordinary
/// convolution of the input; its results are a stride apart in the output.
package final class TransposedConvolution: Sendable {
    package let inputChannels: Int
    package let outputChannels: Int
    package let groups: Int
    package let kernel: Extent2D
    private let rows: TransposedAxis
    private let columns: TransposedAxis
    /// What comes of no tap at all, for each output channel.
    private let nothing: [Float]
    /// By the phases of rows, then of columns; those without taps are not there.
    private let parts: [[FloatConvolution]]

    /// Packs `weights`, [I, O / groups, height, width].
    /// - Parameter bias: O numbers.
    /// - Throws: `invalidArgument` where types or shapes do not fit, or `QTUNE_CPU` names no tier.
    package init(
        weights: Tensor, bias: Tensor? = nil, groups: Int = 1, stride: Extent2D = .one, dilation: Extent2D = .one,
        activation: Activation = .none, tier: CPUTier? = nil
    ) throws {
        let shape = weights.shape
        guard weights.dtype == .float32, shape.rank == 4, weights.count > 0, groups > 0, shape[0] % groups == 0,
            bias?.count ?? shape[1] * groups == shape[1] * groups, bias?.dtype ?? .float32 == .float32
        else {
            throw QTuneError(
                .invalidArgument, "weights \(weights.dtype) \(shape) of a transposed convolution of \(groups) groups")
        }
        inputChannels = shape[0]
        outputChannels = shape[1] * groups
        self.groups = groups
        kernel = Extent2D(height: shape[2], width: shape[3])
        let rows = TransposedAxis(kernel: shape[2], stride: stride.height, dilation: dilation.height)
        let columns = TransposedAxis(kernel: shape[3], stride: stride.width, dilation: dilation.width)
        (self.rows, self.columns) = (rows, columns)
        nothing = Self.activated(
            bias?.array(of: Float.self) ?? [Float](repeating: 0, count: outputChannels), activation)
        parts = try rows.phases.map { row in
            try columns.phases.map { column in
                try FloatConvolution(
                    weights: Self.weights(weights, groups, rows: row.taps, columns: column.taps), bias: bias,
                    groups: groups, dilation: Extent2D(height: rows.step, width: columns.step),
                    activation: activation, tier: tier)
            }
        }
    }

    /// The row of the kernels' tables that does the work.
    var kernelName: String { parts.first?.first?.kernelName ?? "" }

    /// The weights of a part as those of an ordinary convolution, [O, I / groups, rows, columns].
    private static func weights(_ weights: Tensor, _ groups: Int, rows: [Int], columns: [Int]) -> Tensor {
        let (inputs, outputs) = (weights.shape[0] / groups, weights.shape[1])
        let (height, width) = (weights.shape[2], weights.shape[3])
        let source = weights.array(of: Float.self)
        var result: [Float] = []
        result.reserveCapacity(groups * outputs * inputs * rows.count * columns.count)
        for group in 0..<groups {
            for output in 0..<outputs {
                for input in group * inputs..<(group + 1) * inputs {
                    let start = (input * outputs + output) * height * width
                    for row in rows { for column in columns { result.append(source[start + row * width + column]) } }
                }
            }
        }
        return Tensor(result, shape: [groups * outputs, inputs, rows.count, columns.count])
    }

    /// Writes `activation(transposed convolution + bias)` into `output`, whose lengths say where the image is cut off.
    /// - Parameters:
    ///   - top: rows that are cut off before the first of the output.
    ///   - left: columns that are cut off before the first of the output.
    /// - Precondition: `input` and `output` are NHWC images with as many channels as the weights say.
    package func run(_ input: Tensor, top: Int, left: Int, into output: Tensor, pool: ThreadPool) {
        precondition(input.dtype == .float32 && output.dtype == .float32, "not float32")
        precondition(input.shape.rank == 4 && input.shape[3] == inputChannels, "\(input.shape) does not fit")
        precondition(output.shape.rank == 4 && output.shape[3] == outputChannels, "\(output.shape) does not fit")
        precondition(output.shape[0] == input.shape[0] && top >= 0 && left >= 0, "\(input.shape) into \(output.shape)")
        guard output.count > 0 else { return }
        let down = rows.placed(input: input.shape[1], output: output.shape[1], cut: top)
        let across = columns.placed(input: input.shape[2], output: output.shape[2], cut: left)
        if !rows.isDense || !columns.isDense || (down + across).contains(where: \.isEmpty) {
            fill(output)
        }
        for row in down where !row.isEmpty {
            for column in across where !column.isEmpty {
                run(parts[row.phase][column.phase], input, row, column, into: output, pool: pool)
            }
        }
    }

    /// One part, at one place within the stride.
    private func run(
        _ part: FloatConvolution, _ input: Tensor, _ row: TransposedAxis.Placed, _ column: TransposedAxis.Placed,
        into output: Tensor, pool: ThreadPool
    ) {
        let image = Self.cut(input, row.inputs, column.inputs)
        let padding = Padding2D(top: row.before, left: column.before, bottom: row.after, right: column.after)
        if rows.stride == 1, columns.stride == 1 {
            return part.run(image, padding: padding, into: output, pool: pool)
        }
        let result = Tensor(
            uninitialized: .float32, shape: [input.shape[0], row.count, column.count, outputChannels])
        part.run(image, padding: padding, into: result, pool: pool)
        let (source, target) = (result.unsafeElements(Float.self), output.unsafeElements(Float.self))
        let (height, width, channels) = (output.shape[1], output.shape[2], outputChannels)
        let line = column.count * channels
        let (rowStep, pixelStep) = (rows.stride * width * channels, columns.stride * channels)
        pool.run(over: result.shape[0] * row.count, grain: max(1, Elementwise.grain / line)) { range in
            for index in range {
                let (image, y) = index.quotientAndRemainder(dividingBy: row.count)
                var pixel = source + index * line
                var place = target + (image * height + row.first) * width * channels + y * rowStep
                place += column.first * channels
                for _ in 0..<column.count {
                    place.update(from: pixel, count: channels)
                    pixel += channels
                    place += pixelStep
                }
            }
        }
        extendLifetime((result, output))
    }

    /// The rows and columns of the images that are read; the images themselves where that is all.
    private static func cut(_ input: Tensor, _ rows: Range<Int>, _ columns: Range<Int>) -> Tensor {
        let (batch, height, width, channels) = (input.shape[0], input.shape[1], input.shape[2], input.shape[3])
        guard rows.count < height || columns.count < width else { return input }
        let result = Tensor(uninitialized: .float32, shape: [batch, rows.count, columns.count, channels])
        let line = columns.count * channels
        let (source, target) = (input.unsafeElements(Float.self), result.unsafeElements(Float.self))
        for image in 0..<batch {
            for (index, row) in rows.enumerated() {
                (target + (image * rows.count + index) * line).update(
                    from: source + ((image * height + row) * width + columns.lowerBound) * channels, count: line)
            }
        }
        extendLifetime((input, result))
        return result
    }

    private func fill(_ output: Tensor) {
        output.withMutableSpan(of: Float.self) { target in
            for index in target.indices { target[index] = nothing[index % outputChannels] }
        }
    }

    private static func activated(_ bias: [Float], _ activation: Activation) -> [Float] {
        let result = Tensor(bias)
        let (bounds, pool) = (activation.clampBounds, ThreadPool.shared(threads: 1))
        let function = activation.unary ?? .clip(lower: bounds.lower, upper: bounds.upper)
        Elementwise.unary(function, result, into: result, pool: pool)
        return result.array(of: Float.self)
    }
}

/// One axis of a transposed convolution: places of the output that are a stride apart are a phase.
struct TransposedAxis: Sendable {
    /// What the places of a phase read.
    struct Phase: Sendable {
        /// The weights in the order in which the input passes them.
        let taps: [Int]
        /// Place of the output, before any is cut off, that the first input element reaches through the last of `taps`.
        let start: Int
    }

    /// A phase over an input and an output of certain lengths.
    struct Placed {
        let phase: Int
        /// The first place of the output, and the number of places.
        let first: Int
        let count: Int
        /// Input elements that are read, and zeros before and after them.
        let inputs: Range<Int>
        let before: Int
        let after: Int

        var isEmpty: Bool { count == 0 || inputs.isEmpty }
    }

    let stride: Int
    /// Input elements from one tap of a phase to the next.
    let step: Int
    let phases: [Phase]

    /// Whether every place of the output has taps.
    var isDense: Bool { phases.count == stride }

    init(kernel: Int, stride: Int, dilation: Int) {
        self.stride = stride
        var (a, b) = (stride, dilation)
        while b != 0 { (a, b) = (b, a % b) }
        step = dilation / a
        let taps = Dictionary(grouping: 0..<kernel) { $0 * dilation % stride }
        phases = taps.keys.sorted().map { residue in
            let taps = taps[residue] ?? []
            return Phase(taps: taps.reversed(), start: (taps.first ?? 0) * dilation)
        }
    }

    /// The phases over an axis of `input` elements, whose output loses `cut` places at its start.
    func placed(input: Int, output: Int, cut: Int) -> [Placed] {
        phases.indices.map { index in
            let phase = phases[index]
            // The first place at or behind the cut, and the input element that its last tap meets.
            let first = ((phase.start - cut) % stride + stride) % stride
            let meets = (first + cut - phase.start) / stride
            let reach = (phase.taps.count - 1) * step
            let count = first < output ? (output - first + stride - 1) / stride : 0
            let before = reach - meets
            let after = count + reach - input - before
            let (skipped, dropped) = (max(0, -before), max(0, -after))
            let isOutside = skipped + dropped >= input
            return Placed(
                phase: index, first: first, count: count, inputs: isOutside ? 0..<0 : skipped..<input - dropped,
                before: max(0, before), after: max(0, after))
        }
    }
}
