import QTuneGraph
import QTuneTensor

/// Resizes axes by scales or to sizes, taking the nearest element or interpolating. Operands: x, scales in version 10;
/// x, region, scales, sizes since.
struct Resize: Operator {
    static let name = "Resize"
    static let versions = [10, 11, 13, 18, 19]

    private let mode: Resampler.Mode
    private let coordinates: ResizeCoordinates
    private let excludesOutside: Bool
    private let extrapolation: Float
    private let antialiases: Bool
    private let axes: [Int]?
    private let aspect: Aspect
    private let hasRegion: Bool

    /// What sizes mean: exactly these, or as far as keeping the proportions lets them be.
    private enum Aspect: String { case stretch, notLarger = "not_larger", notSmaller = "not_smaller" }

    init(_ node: NodeReader) throws {
        hasRegion = node.opset >= 11
        try node.expect(inputs: hasRegion ? 1...4 : 2...2)
        func choice<Choice: RawRepresentable<String>>(_ name: String, _ fallback: Choice) throws -> Choice {
            guard let text = try node.string(name) else { return fallback }
            guard let choice = Choice(rawValue: text) else {
                throw QTuneError(.invalidModel, "attribute '\(name)' is '\(text)'")
            }
            return choice
        }
        coordinates = try choice("coordinate_transformation_mode", hasRegion ? .halfPixel : .asymmetric)
        let nearest: NearestMode = try choice("nearest_mode", hasRegion ? .roundPreferFloor : .simple)
        let slope = try node.float("cubic_coeff_a") ?? -0.75
        mode =
            switch try node.string("mode") ?? "nearest" {
            case "nearest": .nearest(nearest)
            case "linear": .interpolate(.linear)
            case "cubic": .interpolate(.cubic(a: Double(slope)))
            case let other: throw QTuneError(.invalidModel, "attribute 'mode' is '\(other)'")
            }
        excludesOutside = try node.int("exclude_outside") ?? 0 != 0
        extrapolation = try node.float("extrapolation_value") ?? 0
        antialiases = try node.int("antialias") ?? 0 != 0
        axes = try node.ints("axes")
        aspect = try choice("keep_aspect_ratio_policy", .stretch)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions else { return [.tensor(context[0].dtype, nil)] }
        let unknown = [InferredValue.tensor(context[0].dtype, dimensions.map { _ in .unknown })]
        let lengths = dimensions.compactMap(\.value)
        let operand = { (index: Int) -> Tensor? in context[index].constant }
        let region = coordinates == .cropAndResize ? operand(1) : nil
        guard coordinates != .cropAndResize || region != nil else { return unknown }
        let scales = hasRegion ? operand(2) : operand(1)
        let sizes = hasRegion ? context[3].integers : nil
        guard scales?.count ?? 0 > 0 || sizes != nil else { return unknown }
        if lengths.count == dimensions.count {
            let resized = try resizedAxes(
                lengths, region: region?.floats(), scales: scales?.floats(), sizes: sizes)
            return [.tensor(context[0].dtype, resized.map { .fixed($0.output) })]
        }
        // With some lengths unknown: those that are not resized stay.
        guard let values = try scales?.floats(), values.count == (axes?.count ?? dimensions.count) else {
            return unknown
        }
        let touched = try normalizedAxes(rank: dimensions.count)
        return [
            .tensor(
                context[0].dtype,
                dimensions.enumerated().map { axis, dimension in
                    guard let index = touched.firstIndex(of: axis) else { return dimension }
                    if values[index] == 1 { return dimension }
                    return dimension.value.flatMap { Self.length($0, times: values[index]) }.map(Dimension.fixed)
                        ?? .unknown
                })
        ]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let region = hasRegion && coordinates == .cropAndResize ? try context.optionalTensor(1)?.floats() : nil
        let scales = try context.optionalTensor(hasRegion ? 2 : 1)?.floats()
        let sizes = hasRegion ? try context.integers(3) : nil
        let axes = try resizedAxes(input.shape.dimensions, region: region, scales: scales, sizes: sizes)
        let resampler = Resampler(
            axes: axes, mode: mode, coordinates: coordinates, antialiases: antialiases,
            excludesOutside: excludesOutside,
            extrapolation: extrapolation)
        return [try resampler.resample(input, in: context)]
    }

    private func normalizedAxes(rank: Int) throws -> [Int] {
        guard let axes else { return Array(0..<rank) }
        let normalized = axes.map { $0 < 0 ? $0 + rank : $0 }
        guard normalized.allSatisfy({ (0..<rank).contains($0) }), Set(normalized).count == axes.count else {
            throw QTuneError(.invalidModel, "axes \(axes) of a tensor of \(rank) axes")
        }
        return normalized
    }

    private func resizedAxes(_ lengths: [Int], region: [Float]?, scales: [Float]?, sizes: [Int]?) throws
        -> [ResizedAxis]
    {
        let touched = try normalizedAxes(rank: lengths.count)
        var result = lengths.map { ResizedAxis(input: $0, output: $0, scale: 1, crop: (0, 1)) }
        let crops = region.flatMap { $0.isEmpty ? nil : $0 }
        guard crops?.count ?? 2 * touched.count == 2 * touched.count else {
            throw QTuneError(.invalidInput, "a region of \(crops?.count ?? 0) numbers for \(touched.count) axes")
        }
        func crop(_ index: Int) -> (start: Float, end: Float) {
            crops.map { ($0[index], $0[index + touched.count]) } ?? (0, 1)
        }
        if let scales, !scales.isEmpty {
            guard scales.count == touched.count else {
                throw QTuneError(.invalidInput, "\(scales.count) scales for \(touched.count) axes")
            }
            for (index, axis) in touched.enumerated() {
                let part = coordinates == .cropAndResize ? crop(index).end - crop(index).start : 1
                guard let output = Self.length(lengths[axis], times: part * scales[index]), scales[index] > 0 else {
                    throw QTuneError(
                        .invalidInput, "axis \(axis) of \(lengths[axis]) cannot be scaled by \(scales[index])")
                }
                result[axis] = ResizedAxis(
                    input: lengths[axis], output: output, scale: scales[index], crop: crop(index))
            }
            return result
        }
        guard let sizes, sizes.count == touched.count, sizes.allSatisfy({ (0...Int(Int32.max)).contains($0) }) else {
            throw QTuneError(.invalidInput, "Resize needs a scale or a size for each of \(touched.count) axes")
        }
        let ratios = zip(touched, sizes).map { axis, size in lengths[axis] == 0 ? 1 : Float(size) / Float(lengths[axis])
        }
        let common = aspect == .notLarger ? ratios.min() : aspect == .notSmaller ? ratios.max() : nil
        for (index, axis) in touched.enumerated() {
            let length = lengths[axis]
            let scaled = common.map { (Double($0) * Double(length) + 0.5).rounded(.down) } ?? Double(sizes[index])
            guard scaled <= Double(Int32.max) else {
                throw QTuneError(.invalidInput, "axis \(touched[index]) of \(length) cannot be resized to \(scaled)")
            }
            let output = Int(scaled)
            result[axis] = ResizedAxis(
                input: length, output: output, scale: common ?? ratios[index], isSized: true, crop: crop(index))
        }
        return result
    }

    /// The whole part of `length * scale`; nil when it is negative, huge or no number.
    private static func length(_ length: Int, times scale: Float) -> Int? {
        let scaled = (Float(length) * scale).rounded(.down)
        return scaled >= 0 && scaled < Float(Int32.max) ? Int(scaled) : nil
    }
}
