import QTuneGraph
import QTuneTensor

/// Samples planes at places that a grid gives. Operands: x [batch, channels, spatial...], grid [batch, places..., axes]
/// with places from -1 to 1, the innermost axis first.
struct GridSample: Operator {
    static let name = "GridSample"
    static let versions = [16, 20, 22]

    private let sampling: GridSampling

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        let mode: GridSampling.Mode =
            switch try node.string("mode") ?? "linear" {
            case "nearest": .nearest
            case "linear", "bilinear": .linear
            case "cubic", "bicubic": .cubic
            case let other: throw QTuneError(.invalidModel, "attribute 'mode' is '\(other)'")
            }
        let text = try node.string("padding_mode") ?? "zeros"
        guard let padding = GridSampling.Padding(rawValue: text) else {
            throw QTuneError(.invalidModel, "attribute 'padding_mode' is '\(text)'")
        }
        sampling = GridSampling(mode: mode, padding: padding, alignsCorners: try node.int("align_corners") ?? 0 != 0)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let grid = context[1].dimensions, grid.count >= 3 else {
            return [
                .tensor(
                    context[0].dtype, context[0].dimensions.map { $0.prefix(2) + $0.dropFirst(2).map { _ in .unknown } }
                )
            ]
        }
        let leading = context[0].dimensions.map { Array($0.prefix(2)) } ?? [grid[0], .unknown]
        return [.tensor(context[0].dtype, leading + grid.dropFirst().dropLast())]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, grid) = (try context.tensor(0), try context.tensor(1))
        let spatial = Array(input.shape.dimensions.dropFirst(2))
        guard input.shape.rank >= 3, grid.shape.rank == input.shape.rank, grid.shape[0] == input.shape[0],
            grid.shape.dimensions.last == spatial.count
        else { throw QTuneError(.invalidInput, "a grid \(grid.shape) for samples of \(input.shape)") }
        let places = Array(grid.shape.dimensions.dropFirst().dropLast())
        guard let shape = Shape(checking: Array(input.shape.dimensions.prefix(2)) + places),
            shape.elementCount == 0 || input.count > 0
        else { throw QTuneError(.invalidInput, "\(input.shape) cannot be sampled at \(grid.shape)") }
        guard spatial.count <= Self.mostAxes else {
            throw QTuneError(
                .unsupported, "samples of \(spatial.count) spatial axes; there are those of 1 to \(Self.mostAxes)")
        }
        try MemoryLimit.check(.float64, shape)
        let sampler = GridSampler(sampling: sampling, grid: grid, input: input.shape, output: shape)
        return [
            sampling.mode == .nearest
                ? try sampler.select(input, in: context) : try sampler.interpolate(input, in: context)
        ]
    }

    /// The taps of a cubic are as many as 4 to this power.
    private static let mostAxes = 6
}
