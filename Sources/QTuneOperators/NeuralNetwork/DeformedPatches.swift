import QTuneKernels
import QTuneTensor

/// Gathers the samples of a deformable convolution into the columns of a matrix product.
struct DeformedPatches {
    let operands: ConvolutionOperands
    let offsetGroups: Int

    private var window: Window { operands.window }

    /// The columns of one image: [channels * taps, positions].
    var columns: Shape { [operands.inputChannels * window.kernelCount, window.outputCount] }

    /// Whether the samples of all images may lie in memory at once.
    var isSmall: Bool { columns.elementCount <= Self.mostSamples / max(1, operands.batch) }

    private static let mostSamples = 1 << 27

    /// Writes the convolution, without a bias, to `output`. Float32 products run on the engine's matrix kernels.
    func convolve<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ input: Tensor, _ weights: Tensor, _ offsets: Tensor, _ mask: Tensor?, _ pool: ThreadPool,
        into output: Tensor
    ) {
        let patches = Tensor(uninitialized: Element.dtype, shape: columns)
        let depth = operands.inputChannels / operands.groups * window.kernelCount
        let rows = operands.outputChannels / operands.groups
        for image in 0..<operands.batch {
            gather(Element.self, image, input, offsets, mask, pool, into: patches)
            for group in 0..<operands.groups {
                let product = GroupProduct(
                    rows: rows, depth: depth, columns: window.outputCount, weight: group * rows * depth,
                    patch: group * depth * window.outputCount,
                    output: (image * operands.groups + group) * rows * window.outputCount)
                if Element.dtype == .float32 {
                    QTuneKernels.Gemm.multiply(
                        m: rows, n: product.columns, k: depth, a: weights, aOffset: product.weight, b: patches,
                        bOffset: product.patch, c: output, cOffset: product.output, pool: pool)
                } else {
                    product.run(Element.self, weights, patches, pool, into: output)
                }
            }
        }
    }

    /// Writes the convolution of float32 operands in one group, bias and all, to `output`: samples are sums of whole
    /// pixels, and rows of the product by packed weights.
    /// - Parameter matrix: the weights as `Self.matrix` makes them.
    func convolvePixels(
        _ input: Tensor, _ matrix: FloatMatrix, _ offsets: Tensor, _ mask: Tensor?, _ pool: ThreadPool,
        into output: Tensor
    ) {
        let (taps, positions, channels) = (window.kernelCount, window.outputCount, operands.inputChannels)
        let pixels = Tensor(uninitialized: .float32, shape: [operands.batch, window.inputCount, channels])
        Layout.transpose(
            input.reshaped(to: [operands.batch, channels, window.inputCount]), permutation: [0, 2, 1], into: pixels,
            pool: pool)
        let patches = Tensor(uninitialized: .float32, shape: [operands.batch * positions, taps * channels])
        let factors = mask?.array(of: Float.self)
        let (_, down, across) = window.cube
        let isFlat = window.axes.count == 2
        pool.run(over: operands.batch * offsetGroups * taps, grain: 1) { jobs in
            offsets.withSpan(of: Float.self) { offsets in
                var (sample, sums) = (SamplingTaps<Float>(), PlaceSums())
                for job in jobs {
                    let (image, row) = job.quotientAndRemainder(dividingBy: offsetGroups * taps)
                    sums.removeAll()
                    for position in 0..<positions {
                        let factor = factors.map { $0[job * positions + position] } ?? 1
                        if isFlat {
                            let (y, x) = position.quotientAndRemainder(dividingBy: across.output)
                            let (tapRow, tapColumn) = (row % taps).quotientAndRemainder(dividingBy: across.kernel)
                            let first = job * 2 * positions + position
                            sums.addPlace(
                                Self.neighbours(down, y, tapRow, offsets[first]),
                                Self.neighbours(across, x, tapColumn, offsets[first + positions]),
                                width: across.input, factor: factor)
                            continue
                        }
                        move(&sample, image, row, position, offsets)
                        for tap in sample.offsets.indices {
                            sums.add(pixel: sample.offsets[tap], weight: sample.weights[tap] * factor)
                        }
                        sums.endPlace()
                    }
                    let moved = self.channels(of: row / taps)
                    sums.write(
                        of: pixels, first: image * window.inputCount, channels: moved, into: patches,
                        row: image * positions, column: row % taps * channels + moved.lowerBound)
                }
            }
        }
        let result = Tensor(
            uninitialized: .float32, shape: [operands.batch, positions, operands.outputChannels])
        matrix.run(patches, into: result, pool: pool)
        Layout.transpose(
            result, permutation: [0, 2, 1],
            into: output.reshaped(to: [operands.batch, operands.outputChannels, positions]), pool: pool)
    }

    /// The float32 weights [outputs, channels, taps...] in the order in which `convolvePixels` lays samples out.
    static func matrix(_ weights: Tensor, bias: Tensor?) throws -> FloatMatrix {
        let (outputs, channels) = (weights.shape[0], weights.shape[1])
        let taps = weights.count / (outputs * channels)
        let ordered = Tensor(uninitialized: .float32, shape: [outputs, taps, channels])
        Layout.transpose(
            weights.reshaped(to: [outputs, channels, taps]), permutation: [0, 2, 1], into: ordered,
            pool: ThreadPool.shared(threads: 1))
        return try FloatMatrix(
            ordered.reshaped(to: [outputs, taps * channels]), transposed: true,
            bias: bias?.reshaped(to: [outputs]))
    }

    /// Writes the samples of one image to `patches`.
    private func gather<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ image: Int, _ input: Tensor, _ offsets: Tensor, _ mask: Tensor?, _ pool: ThreadPool,
        into patches: Tensor
    ) {
        let (taps, positions) = (window.kernelCount, window.outputCount)
        // Without a mask the offsets stand in for it, and are not read as factors.
        let factors = mask ?? offsets
        pool.run(over: offsetGroups * taps * positions, grain: 256) { jobs in
            input.withSpan(of: Element.self) { input in
                offsets.withSpan(of: Element.self) { offsets in
                    factors.withSpan(of: Element.self) { factors in
                        patches.withMutableSpan(of: Element.self) { patches in
                            var sample = SamplingTaps<Element>()
                            for job in jobs {
                                let (row, position) = (job / positions, job % positions)
                                move(&sample, image, row, position, offsets)
                                let maskRow = image * offsetGroups * taps + row
                                let factor = mask == nil ? 1 : factors[maskRow * positions + position]
                                for channel in channels(of: row / taps) {
                                    patches[(channel * taps + row % taps) * positions + position] =
                                        sum(sample, input, image * operands.inputChannels + channel) * factor
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The channels that an offset group moves.
    private func channels(of group: Int) -> Range<Int> {
        let count = operands.inputChannels / offsetGroups
        return group * count..<(group + 1) * count
    }

    /// Moves `sample` to where the tap of `row`, which numbers taps group by group, reads for an output position.
    private func move<Element: TensorElement & BinaryFloatingPoint>(
        _ sample: inout SamplingTaps<Element>, _ image: Int, _ row: Int, _ position: Int, _ offsets: Span<Element>
    ) {
        let (taps, positions, axes) = (window.kernelCount, window.outputCount, window.axes)
        let tap = row % taps
        var (tapRest, positionRest) = (taps, positions)
        sample.reset()
        for (axis, place) in axes.enumerated() {
            (tapRest, positionRest) = (tapRest / place.kernel, positionRest / place.output)
            let start = place.start(at: position / positionRest % place.output)
            let fixed = start + tap / tapRest % place.kernel * place.dilation
            let offset = ((image * offsetGroups * taps + row) * axes.count + axis) * positions + position
            sample.appendLinear(Element(fixed) + offsets[offset], length: place.input)
        }
    }

    /// The elements of an axis between which a tap that is moved by `offset` reads at a position of the window.
    private static func neighbours(
        _ axis: WindowAxis, _ position: Int, _ tap: Int, _ offset: Float
    ) -> PlaceSums.Neighbours {
        let place = Float(axis.start(at: position) + tap * axis.dilation) + offset
        let length = axis.input
        // So far outside both are 0, whatever the distance; NaN lies outside too.
        let bounded = place > -2 ? min(place, Float(length) + 1) : -2
        let low = Int(bounded.rounded(.down))
        let fraction = bounded - Float(low)
        return PlaceSums.Neighbours(
            low: (0..<length).contains(low) ? low : nil, high: (0..<length).contains(low + 1) ? low + 1 : nil,
            lowWeight: 1 - fraction, highWeight: fraction)
    }

    /// The sample of a plane of the input.
    private func sum<Element: TensorElement & BinaryFloatingPoint>(
        _ sample: SamplingTaps<Element>, _ input: Span<Element>, _ plane: Int
    ) -> Element {
        let first = plane * window.inputCount
        var sum: Element = 0
        for index in sample.offsets.indices { sum += sample.weights[index] * input[first + sample.offsets[index]] }
        return sum
    }
}

/// The product of one group's weights with its columns: where each starts and how large it is.
private struct GroupProduct {
    let rows: Int
    let depth: Int
    let columns: Int
    let weight: Int
    let patch: Int
    let output: Int

    func run<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ weights: Tensor, _ patches: Tensor, _ pool: ThreadPool, into target: Tensor
    ) {
        pool.run(over: rows, grain: 1) { rows in
            weights.withSpan(of: Element.self) { weights in
                patches.withSpan(of: Element.self) { patches in
                    target.withMutableSpan(of: Element.self) { target in
                        for row in rows {
                            for column in 0..<columns { target[output + row * columns + column] = 0 }
                            for step in 0..<depth {
                                let factor = weights[weight + row * depth + step]
                                for column in 0..<columns {
                                    target[output + row * columns + column] +=
                                        factor * patches[patch + step * columns + column]
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
