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
        let regionList = try (0..<regions.shape[0]).map { try region(Array(numbers[5 * $0..<5 * $0 + 5]), input.shape) }
        return [
            try context.makeFloatOutput(0, input.dtype, shape) { output in
                if input.dtype == .float64 {
                    pool(Double.self, input, regionList, context, into: output)
                } else {
                    pool(Float.self, input.widened(), regionList, context, into: output)
                }
            }
        ]
    }

    /// A region of an image; its last row and column belong to it.
    private struct Region {
        let image: Int
        let left: Int
        let top: Int
        let right: Int
        let bottom: Int
    }

    private func region(_ numbers: [Double], _ shape: Shape) throws -> Region {
        let corners = numbers.dropFirst().map { (Float($0) * scale).rounded(.toNearestOrAwayFromZero) }
        guard let image = Int(exactly: numbers[0]), (0..<shape[0]).contains(image),
            corners.allSatisfy({ $0.isFinite && $0.magnitude < 0x1p31 })
        else {
            throw QTuneError(.invalidInput, "the region \(numbers) lies on no image of \(shape)")
        }
        return Region(
            image: image, left: Int(corners[0]), top: Int(corners[1]), right: Int(corners[2]), bottom: Int(corners[3]))
    }

    /// The elements under bin `bin` of `bins` from `start` to `end`, cut to the axis.
    private static func range(_ bin: Int, of bins: Int, _ start: Int, _ end: Int, length: Int) -> Range<Int> {
        let step = Float(max(1, end - start + 1)) / Float(bins)
        let first = Int((Float(bin) * step).rounded(.down)) + start
        let last = Int((Float(bin + 1) * step).rounded(.up)) + start
        let lower = min(max(first, 0), length)
        return lower..<max(lower, min(max(last, 0), length))
    }

    private func pool<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ input: Tensor, _ regions: [Region], _ context: EvaluationContext, into output: Tensor
    ) {
        let (channels, height, width) = (input.shape[1], input.shape[2], input.shape[3])
        let count = bins[0] * bins[1]
        context.pool.run(over: regions.count * channels, grain: max(1, 1024 / count)) { jobs in
            input.withSpan(of: Element.self) { source in
                output.withMutableSpan(of: Element.self) { target in
                    for job in jobs {
                        let region = regions[job / channels]
                        let start = (region.image * channels + job % channels) * height * width
                        var index = job * count
                        for row in 0..<bins[0] {
                            let rows = Self.range(row, of: bins[0], region.top, region.bottom, length: height)
                            for column in 0..<bins[1] {
                                let columns = Self.range(
                                    column, of: bins[1], region.left, region.right, length: width)
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
