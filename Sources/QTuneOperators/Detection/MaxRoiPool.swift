import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The largest element of each bin of regions of feature maps. Operands: x [N, C, H, W], regions [regions, 5] as image,
/// left, top, right, bottom, the ends included.
struct MaxRoiPool: Operator {
    static let name = "MaxRoiPool"
    static let versions = [1, 22]

    /// Bins along height and width.
    private let bins: [Int]
    private let scale: Float

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        bins = try node.required("pooled_shape", try node.ints("pooled_shape"))
        scale = try node.float("spatial_scale") ?? 1
        guard bins.count == 2, bins.allSatisfy({ (1...Int(Int32.max)).contains($0) }) else {
            throw QTuneError(.invalidModel, "attribute 'pooled_shape' is \(bins), not a height and a width")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let channels = context[0].dimensions.flatMap { $0.count == 4 ? $0[1] : nil } ?? .unknown
        let regions = context[1].dimensions?.first ?? .unknown
        return [.tensor(context[0].dtype, [regions, channels] + bins.map(Dimension.fixed))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, regions) = (try context.tensor(0), try context.tensor(1))
        guard input.shape.rank == 4, regions.shape.rank == 2, regions.shape[1] == 5, regions.dtype == input.dtype else {
            throw QTuneError(.invalidInput, "regions \(regions.dtype)\(regions.shape) of \(input.dtype)\(input.shape)")
        }
        guard let shape = Shape(checking: [regions.shape[0], input.shape[1]] + bins) else {
            throw QTuneError(.invalidInput, "regions of \(bins) bins are too large")
        }
        try MemoryLimit.check(.float64, shape)
        let numbers = try regions.doubles()
        let places = try (0..<regions.shape[0]).map { try place(Array(numbers[5 * $0..<5 * $0 + 5]), input.shape) }
        return [
            try context.makeFloatOutput(0, input.dtype, shape) { output in
                if input.dtype == .float64 {
                    pool(Double.self, input, places, context, into: output)
                } else {
                    pool(Float.self, input.widened(), places, context, into: output)
                }
            }
        ]
    }

    /// A region: its image, and the elements under each bin of the rows and of the columns.
    private struct Place {
        let image: Int
        let rows: [Range<Int>]
        let columns: [Range<Int>]
    }

    private func place(_ numbers: [Double], _ shape: Shape) throws -> Place {
        let corners = numbers.dropFirst().map { (Float($0) * scale).rounded(.toNearestOrAwayFromZero) }
        guard let image = Int(exactly: numbers[0]), (0..<shape[0]).contains(image),
            corners.allSatisfy({ $0.isFinite && $0.magnitude < 0x1p31 })
        else {
            throw QTuneError(.invalidInput, "the region \(numbers) lies on no image of \(shape)")
        }
        let (left, top, right, bottom) = (Int(corners[0]), Int(corners[1]), Int(corners[2]), Int(corners[3]))
        return Place(
            image: image, rows: Self.ranges(top, bottom, bins: bins[0], length: shape[2]),
            columns: Self.ranges(left, right, bins: bins[1], length: shape[3]))
    }

    /// The elements under each of `bins` bins from `start` to `end`, cut to the axis.
    private static func ranges(_ start: Int, _ end: Int, bins: Int, length: Int) -> [Range<Int>] {
        let step = Float(max(1, end - start + 1)) / Float(bins)
        return (0..<bins).map { bin in
            let first = Int((Float(bin) * step).rounded(.down)) + start
            let last = Int((Float(bin + 1) * step).rounded(.up)) + start
            let lower = min(max(first, 0), length)
            return lower..<max(lower, min(max(last, 0), length))
        }
    }

    private func pool<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ input: Tensor, _ places: [Place], _ context: EvaluationContext, into output: Tensor
    ) {
        let (channels, height, width) = (input.shape[1], input.shape[2], input.shape[3])
        let count = bins[0] * bins[1]
        context.pool.run(over: places.count * channels, grain: max(1, 1024 / count)) { jobs in
            input.withSpan(of: Element.self) { source in
                output.withMutableSpan(of: Element.self) { target in
                    for job in jobs {
                        let place = places[job / channels]
                        let start = (place.image * channels + job % channels) * height * width
                        var index = job * count
                        for rows in place.rows {
                            for columns in place.columns {
                                var best = -Element.infinity
                                for y in rows { for x in columns { best = max(best, source[start + y * width + x]) } }
                                target[index] = rows.isEmpty || columns.isEmpty ? 0 : best
                                index += 1
                            }
                        }
                    }
                }
            }
        }
    }
}
