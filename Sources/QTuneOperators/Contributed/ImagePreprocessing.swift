import QTuneGraph
import QTuneTensor

/// `scale * x + bias` of images [batch, channels, height, width] with a bias for each channel; an experimental operator
/// of old operator sets.
struct ImageScaler: Operator {
    static let name = "ImageScaler"
    static let versions = [1]

    private let scale: Float
    private let bias: [Float]

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        scale = try node.float("scale") ?? 1
        bias = try node.floats("bias") ?? []
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.shape.rank == 4, bias.isEmpty || bias.count == input.shape[1] else {
            throw QTuneError(.invalidInput, "ImageScaler of \(input.shape) with \(bias.count) biases")
        }
        let plane = input.shape[2] * input.shape[3]
        let channels = input.shape[1]
        let values = try input.doubles().enumerated().map { index, value in
            Double(scale) * value + (bias.isEmpty ? 0 : Double(bias[index / plane % channels]))
        }
        return [.tensor(try Tensor.floats(values, dtype: input.dtype, shape: input.shape))]
    }
}

/// `alpha * x + beta`; an experimental operator of old operator sets.
struct Affine: Operator {
    static let name = "Affine"
    static let versions = [1]

    private let alpha: Float
    private let beta: Float

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        alpha = try node.float("alpha") ?? 1
        beta = try node.float("beta") ?? 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let values = try input.doubles().map { Double(alpha) * $0 + Double(beta) }
        return [.tensor(try Tensor.floats(values, dtype: input.dtype, shape: input.shape))]
    }
}

/// Takes a border (left, top, right, bottom) off images [batch, channels, height, width], or, with a scale, keeps that
/// many (height, width) from left and top on; an experimental operator of old operator sets.
struct Crop: Operator {
    static let name = "Crop"
    static let versions = [1]

    private let border: [Int]
    private let scale: [Int]?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        border = try node.ints("border") ?? [0, 0, 0, 0]
        scale = try node.ints("scale")
        let numbers = border + (scale ?? [])
        guard border.count == 4, scale?.count ?? 2 == 2, numbers.allSatisfy({ (0...Int(Int32.max)).contains($0) })
        else {
            throw QTuneError(.invalidModel, "a border of \(border) and a scale of \(scale ?? [])")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions else { return [.tensor(context[0].dtype, nil)] }
        guard dimensions.count == 4 else { throw QTuneError(.invalidInput, "Crop of \(dimensions)") }
        let spatial = try [(2, 1, 3, 0), (3, 0, 2, 1)].map { axis, before, after, part -> Dimension in
            try dimensions[axis].value.map { .fixed(try kept($0, before: before, after: after, part: part).count) }
                ?? .unknown
        }
        return [.tensor(context[0].dtype, Array(dimensions.prefix(2)) + spatial)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.shape.rank == 4, input.dtype.bitWidth >= 8 else {
            throw QTuneError(.invalidInput, "Crop of \(input.shape)")
        }
        let rows = try kept(input.shape[2], before: 1, after: 3, part: 0)
        let columns = try kept(input.shape[3], before: 0, after: 2, part: 1)
        let output = try context.makeOutput(
            0, input.dtype, [input.shape[0], input.shape[1], rows.count, columns.count])
        let width = input.dtype.bitWidth / 8
        let (height, length) = (input.shape[2], input.shape[3])
        input.withBytes { source in
            output.withMutableBytes { target in
                var place = 0
                for plane in 0..<input.shape[0] * input.shape[1] {
                    for row in rows {
                        let start = ((plane * height + row) * length + columns.lowerBound) * width
                        for byte in start..<start + columns.count * width {
                            target[place] = source[byte]
                            place += 1
                        }
                    }
                }
            }
        }
        return [.tensor(output)]
    }

    /// The elements of an axis of `length` that stay.
    private func kept(_ length: Int, before: Int, after: Int, part: Int) throws -> Range<Int> {
        let end = scale.map { border[before] + $0[part] } ?? length - border[after]
        guard border[before] <= end, end <= length else {
            throw QTuneError(.invalidInput, "a border of \(border) cannot be taken off \(length) elements")
        }
        return border[before]..<end
    }
}
