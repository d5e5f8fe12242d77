import QTuneKernels
import QTuneTensor

/// Samples tensors of checked shapes at the places of a grid.
struct GridSampler {
    let sampling: GridSampling
    let grid: Tensor
    let input: Shape
    let output: Shape

    private var channels: Int { input[1] }
    /// Elements of a plane of the input.
    private var inputPlane: Int { input.dimensions.dropFirst(2).reduce(1, *) }
    /// Places of a plane of the output.
    private var outputPlane: Int { output.dimensions.dropFirst(2).reduce(1, *) }

    /// Places that are worked on together, channel after channel.
    private static let blockLength = 256
    /// Channels from which on it pays to move them next to each other.
    private static let manyChannels = 4

    /// Weighted sums of elements, of any type that arithmetic is done on.
    func interpolate(_ tensor: Tensor, in context: EvaluationContext) throws -> Value {
        switch tensor.dtype {
        case .float32, .float16, .bfloat16:
            return try context.makeFloatOutput(0, tensor.dtype, output) { target in
                if channels >= Self.manyChannels {
                    try interpolatePixels(tensor.widened(), context.pool, into: target)
                } else {
                    try interpolate(Float.self, tensor.widened(), context.pool, into: target)
                }
            }
        case .bool, .string, .complex64, .complex128:
            throw QTuneError(.unsupported, "interpolated samples of \(tensor.dtype)")
        default:
            let target = try context.makeOutput(0, tensor.dtype, output)
            try target.fill(from: .real) { wide in
                try interpolate(Double.self, tensor.widened(to: .real), context.pool, into: wide)
            }
            return .tensor(target)
        }
    }

    /// Weighted sums of whole pixels.
    private func interpolatePixels(_ tensor: Tensor, _ pool: ThreadPool, into target: Tensor) throws {
        let pixels = Tensor(uninitialized: .float32, shape: [input[0], inputPlane, channels])
        Layout.transpose(
            tensor.reshaped(to: [input[0], channels, inputPlane]), permutation: [0, 2, 1], into: pixels, pool: pool)
        let places = Tensor(uninitialized: .float32, shape: [input[0], outputPlane, channels])
        if sampling.mode == .linear, input.rank == 4, grid.dtype != .float64 {
            sumNeighbours(grid.widened(), of: pixels, into: places, pool: pool)
        } else {
            try forEachBlock(pool) { (block: TapBlock<Float>) in
                var sums = PlaceSums()
                for place in 0..<block.count {
                    for tap in block.starts[place]..<block.starts[place + 1] {
                        sums.add(pixel: block.offsets[tap], weight: block.weights[tap])
                    }
                    sums.endPlace()
                }
                sums.write(
                    of: pixels, first: block.image * inputPlane, channels: 0..<channels, into: places,
                    row: block.image * outputPlane + block.firstPlace)
            }
        }
        Layout.transpose(
            places, permutation: [0, 2, 1], into: target.reshaped(to: [input[0], channels, outputPlane]), pool: pool)
    }

    /// Sums of the four pixels round each place of a picture, what most grids ask for.
    private func sumNeighbours(_ grid: Tensor, of pixels: Tensor, into places: Tensor, pool: ThreadPool) {
        let (height, width, plane) = (input[2], input[3], outputPlane)
        pool.run(over: input[0] * plane, grain: Self.blockLength) { range in
            grid.withSpan(of: Float.self) { grid in
                var sums = PlaceSums()
                var first = range.lowerBound
                while first < range.upperBound {
                    let image = first / plane
                    let end = min(range.upperBound, first + Self.blockLength, (image + 1) * plane)
                    sums.removeAll()
                    for place in first..<end {
                        sums.addPlace(
                            sampling.neighbours(grid[2 * place + 1], length: height),
                            sampling.neighbours(grid[2 * place], length: width), width: width)
                    }
                    sums.write(
                        of: pixels, first: image * inputPlane, channels: 0..<channels, into: places, row: first)
                    first = end
                }
            }
        }
    }

    private func interpolate<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ tensor: Tensor, _ pool: ThreadPool, into target: Tensor
    ) throws {
        try forEachBlock(pool) { (block: TapBlock<Element>) in
            tensor.withSpan(of: Element.self) { source in
                target.withMutableSpan(of: Element.self) { target in
                    for channel in 0..<channels {
                        let plane = block.image * channels + channel
                        let (from, to) = (plane * inputPlane, plane * outputPlane + block.firstPlace)
                        for place in 0..<block.count {
                            var sum: Element = 0
                            for tap in block.starts[place]..<block.starts[place + 1] {
                                sum += block.weights[tap] * source[from + block.offsets[tap]]
                            }
                            target[to + place] = sum
                        }
                    }
                }
            }
        }
    }

    /// Single elements, of any type.
    func select(_ tensor: Tensor, in context: EvaluationContext) throws -> Value {
        let carrier = try ElementCarrier([tensor, Tensor(zeros: tensor.dtype, shape: [1])])
        let (source, padding) = (carrier.tensors[0], carrier.tensors[1])
        return try carrier.makeOutput(context, output) { target in
            switch target.dtype {
            case .uint8: try select(UInt8.self, source, padding, context.pool, into: target)
            case .uint16: try select(UInt16.self, source, padding, context.pool, into: target)
            case .uint32: try select(UInt32.self, source, padding, context.pool, into: target)
            case .uint64: try select(UInt64.self, source, padding, context.pool, into: target)
            default: try select(Int64.self, source, padding, context.pool, into: target)
            }
        }
    }

    private func select<Element: TensorElement>(
        _: Element.Type, _ tensor: Tensor, _ padding: Tensor, _ pool: ThreadPool, into target: Tensor
    ) throws {
        let padding = padding.withSpan(of: Element.self) { $0[0] }
        try forEachBlock(pool) { (block: TapBlock<Float>) in
            tensor.withSpan(of: Element.self) { source in
                target.withMutableSpan(of: Element.self) { target in
                    for channel in 0..<channels {
                        let plane = block.image * channels + channel
                        let (from, to) = (plane * inputPlane, plane * outputPlane + block.firstPlace)
                        for place in 0..<block.count {
                            let tap = block.starts[place]
                            target[to + place] =
                                tap < block.starts[place + 1] ? source[from + block.offsets[tap]] : padding
                        }
                    }
                }
            }
        }
    }
}

/// The taps of neighbouring places of one image.
private struct TapBlock<Weight: BinaryFloatingPoint> {
    let image: Int
    let firstPlace: Int
    /// Where each place's taps start, and the end of the last.
    var starts = [0]
    var offsets: [Int] = []
    var weights: [Weight] = []

    var count: Int { starts.count - 1 }
}

extension GridSampler {
    /// Calls `body` on the pool with the taps of every place, block by block.
    private func forEachBlock<Weight>(_ pool: ThreadPool, _ body: (TapBlock<Weight>) -> Void) throws {
        switch grid.dtype {
        case .float64: forEachBlock(grid, Double.self, pool, body)
        case .float32, .float16, .bfloat16: forEachBlock(grid.widened(), Float.self, pool, body)
        default: throw QTuneError(.invalidInput, "the grid is \(grid.dtype), not a float type")
        }
    }

    private func forEachBlock<Place: TensorElement & BinaryFloatingPoint, Weight>(
        _ grid: Tensor, _: Place.Type, _ pool: ThreadPool, _ body: (TapBlock<Weight>) -> Void
    ) {
        guard output.elementCount > 0 else { return }
        let spatial = Array(input.dimensions.dropFirst(2))
        let (plane, axes) = (outputPlane, spatial.count)
        let blocks = (plane + Self.blockLength - 1) / Self.blockLength
        pool.run(over: input[0] * blocks, grain: 1) { jobs in
            grid.withSpan(of: Place.self) { grid in
                var taps = SamplingTaps<Place>()
                for job in jobs {
                    let first = job % blocks * Self.blockLength
                    var block = TapBlock<Weight>(image: job / blocks, firstPlace: first)
                    for place in first..<min(first + Self.blockLength, plane) {
                        let last = (block.image * plane + place + 1) * axes - 1
                        taps.reset()
                        for axis in 0..<axes { sampling.append(grid[last - axis], length: spatial[axis], to: &taps) }
                        block.offsets += taps.offsets
                        block.weights += taps.weights.lazy.map { Weight($0) }
                        block.starts.append(block.offsets.count)
                    }
                    body(block)
                }
            }
        }
    }
}
