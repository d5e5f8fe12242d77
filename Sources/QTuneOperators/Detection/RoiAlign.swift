import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Pools regions of feature maps by interpolating at points spread evenly over each bin. Operands: x [N, C, H, W],
/// regions [regions, 4] as left, top, right, bottom, the image of each region.
struct RoiAlign: Operator {
    static let name = "RoiAlign"
    static let versions = [10, 16, 22]

    private let grid: RegionGrid
    private let takesMaximum: Bool

    /// Points of a region that are worth a table of them.
    private static let mostPoints = 65_536.0

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...3)
        func choice(_ name: String, _ fallback: String, _ choices: [String]) throws -> String {
            let text = try node.string(name)?.lowercased() ?? fallback
            guard choices.contains(text) else { throw QTuneError(.invalidModel, "attribute '\(name)' is '\(text)'") }
            return text
        }
        takesMaximum = try choice("mode", "avg", ["avg", "max"]) == "max"
        // Before the choice came there was no shift.
        let coordinates = try choice(
            "coordinate_transformation_mode", node.opset >= 16 ? "half_pixel" : "output_half_pixel",
            ["half_pixel", "output_half_pixel"])
        grid = RegionGrid(
            height: try node.int("output_height") ?? 1, width: try node.int("output_width") ?? 1,
            samples: try node.int("sampling_ratio") ?? 0, scale: try node.float("spatial_scale") ?? 1,
            shiftsHalfPixel: coordinates == "half_pixel")
        guard (1...Int(Int32.max)).contains(grid.height), (1...Int(Int32.max)).contains(grid.width), grid.samples >= 0
        else {
            throw QTuneError(
                .invalidModel, "regions of \(grid.height) x \(grid.width) bins with \(grid.samples) samples")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let regions = context[1].dimensions?.first ?? context[2].dimensions?.first ?? .unknown
        let channels = context[0].dimensions.flatMap { $0.count == 4 ? $0[1] : nil } ?? .unknown
        return [.tensor(context[0].dtype, [regions, channels, .fixed(grid.height), .fixed(grid.width)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, regions) = (try context.tensor(0), try context.tensor(1))
        let images = try context.integers(2) ?? []
        guard input.shape.rank == 4, regions.shape == [images.count, 4], regions.dtype == input.dtype else {
            throw QTuneError(
                .invalidInput,
                "\(images.count) regions of \(regions.dtype)\(regions.shape) of \(input.dtype)\(input.shape)")
        }
        guard images.allSatisfy({ (0..<input.shape[0]).contains($0) }), input.shape[2] > 0, input.shape[3] > 0 else {
            throw QTuneError(.invalidInput, "a region lies on no image of \(input.shape)")
        }
        guard let shape = Shape(checking: [images.count, input.shape[1], grid.height, grid.width]) else {
            throw QTuneError(.invalidInput, "regions of \(grid.height) x \(grid.width) bins are too large")
        }
        try MemoryLimit.check(.float64, shape)
        let corners = try regions.doubles()
        let height = input.shape[2]
        let width = input.shape[3]
        let bins = try images.indices.map {
            try grid.bins(Array(corners[4 * $0..<4 * $0 + 4]), height: height, width: width)
        }
        try RegionGrid.check(bins, channels: input.shape[1])
        return [
            try context.makeFloatOutput(0, input.dtype, shape) { output in
                if input.dtype == .float64 {
                    pool(Double.self, input, images, bins, context, into: output)
                } else if !takesMaximum, input.count > 0, bins.allSatisfy({ $0.work <= Self.mostPoints }) {
                    average(input.widened(), images, bins, context, into: output)
                } else {
                    pool(Float.self, input.widened(), images, bins, context, into: output)
                }
            }
        ]
    }

    /// The means by whole pixels, channels next to each other.
    private func average(
        _ input: Tensor, _ images: [Int], _ bins: [RegionBins], _ context: EvaluationContext, into output: Tensor
    ) {
        let (batch, channels, plane) = (input.shape[0], input.shape[1], input.shape[2] * input.shape[3])
        let pixels = Tensor(uninitialized: .float32, shape: [batch, plane, channels])
        Layout.transpose(
            input.reshaped(to: [batch, channels, plane]), permutation: [0, 2, 1], into: pixels, pool: context.pool)
        let count = grid.height * grid.width
        let places = Tensor(uninitialized: .float32, shape: [images.count, count, channels])
        context.pool.run(over: images.count, grain: 1) { regions in
            var sums = PlaceSums()
            for region in regions {
                sums.removeAll()
                bins[region].sampled.append(width: input.shape[3], to: &sums)
                sums.write(
                    of: pixels, first: images[region] * plane, channels: 0..<channels, into: places,
                    row: region * count)
            }
        }
        Layout.transpose(
            places, permutation: [0, 2, 1], into: output.reshaped(to: [images.count, channels, count]),
            pool: context.pool)
    }

    private func pool<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ input: Tensor, _ images: [Int], _ bins: [RegionBins], _ context: EvaluationContext,
        into output: Tensor
    ) {
        let channels = input.shape[1]
        let plane = input.shape[2] * input.shape[3]
        let count = grid.height * grid.width
        let maximum = takesMaximum
        context.pool.run(over: images.count * channels, grain: max(1, 1024 / count)) { jobs in
            input.withSpan(of: Element.self) { source in
                output.withMutableSpan(of: Element.self) { target in
                    var (region, sampled) = (jobs.lowerBound / channels, bins[jobs.lowerBound / channels].sampled)
                    for job in jobs {
                        if job / channels != region {
                            (region, sampled) = (job / channels, bins[job / channels].sampled)
                        }
                        sampled.pool(
                            source, from: (images[region] * channels + job % channels) * plane, width: input.shape[3],
                            takesMaximum: maximum, into: &target, at: job * count)
                    }
                }
            }
        }
    }
}
