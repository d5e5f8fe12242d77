import QTuneGraph
import QTuneTensor

/// The forerunner of Resize: scales of at least 1, as an attribute or (since version 9) an operand.
struct Upsample: Operator {
    static let name = "Upsample"
    static let versions = [7, 9]

    private let mode: Resampler.Mode
    private let fixedScales: [Float]?

    init(_ node: NodeReader) throws {
        let isOperand = node.opset >= 9
        try node.expect(inputs: isOperand ? 2...2 : 1...1)
        fixedScales = isOperand ? nil : try node.required("scales", try node.floats("scales"))
        mode =
            switch try node.string("mode") ?? "nearest" {
            case "nearest": .nearest(.simple)
            case "linear", "bilinear": .interpolate(.linear)
            case let other: throw QTuneError(.invalidModel, "attribute 'mode' is '\(other)'")
            }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions else { return [.tensor(context[0].dtype, nil)] }
        let scales = try fixedScales ?? context[1].constant?.floats()
        let resized = dimensions.enumerated().map { axis, dimension -> Dimension in
            guard let scales, scales.count == dimensions.count else { return .unknown }
            if scales[axis] == 1 { return dimension }
            return dimension.value.flatMap { Self.resized($0, scales[axis]) }.map { .fixed($0.output) } ?? .unknown
        }
        return [.tensor(context[0].dtype, resized)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let scales = try fixedScales ?? context.tensor(1).floats()
        let axes = zip(input.shape.dimensions, scales).compactMap(Self.resized)
        guard scales.count == input.shape.rank, axes.count == scales.count else {
            throw QTuneError(.invalidInput, "\(input.shape) cannot be scaled by \(scales)")
        }
        let resampler = Resampler(
            axes: axes, mode: mode, coordinates: .asymmetric, antialiases: false, excludesOutside: false,
            extrapolation: 0)
        return [try resampler.resample(input, in: context)]
    }

    private static func resized(_ length: Int, _ scale: Float) -> ResizedAxis? {
        let scaled = (Float(length) * scale).rounded(.down)
        guard scale >= 1, scaled < Float(Int32.max) else { return nil }
        return ResizedAxis(input: length, output: Int(scaled), scale: scale, crop: (0, 1))
    }
}
