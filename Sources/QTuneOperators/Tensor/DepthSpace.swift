import QTuneGraph
import QTuneTensor

/// Channels to blocks of pixels: `[n, c*b*b, h, w]` becomes `[n, c, h*b, w*b]`.
struct DepthToSpace: Operator {
    static let name = "DepthToSpace"
    static let versions = [1, 11, 13]
    private let block: Int
    private let isDepthFirst: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        block = try blockSize(node)
        isDepthFirst = try isDepthColumnRow(node)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let lengths = context[0].dimensions, lengths.count == 4 else { return [.tensor(context[0].dtype, nil)] }
        let channels = lengths[1].value.map { Dimension.fixed($0 / (block * block)) } ?? .unknown
        let sides = lengths[2...].map { DimensionArithmetic.multiply($0, .fixed(block)) }
        return [.tensor(context[0].dtype, [lengths[0], channels] + sides)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let shape = input.shape
        guard shape.rank == 4, shape[1] % (block * block) == 0 else {
            throw QTuneError(.invalidInput, "the channels of \(shape) do not make up blocks of \(block) by \(block)")
        }
        let channels = shape[1] / (block * block)
        let result = try checkedShape(
            [shape[0], channels, product(shape[2], block), product(shape[3], block)], operand: "the result")
        let (batch, deep, row, column) = (shape.strides[0], shape.strides[1], shape.strides[2], shape.strides[3])
        let (channelStep, blockStep) = isDepthFirst ? (deep, channels * deep) : (block * block * deep, deep)
        return try shuffled(
            context, input, to: result, box: [shape[0], channels, shape[2], block, shape[3], block],
            strides: [batch, channelStep, row, block * blockStep, column, blockStep])
    }
}

/// Blocks of pixels to channels: `[n, c, h*b, w*b]` becomes `[n, b*b*c, h, w]`, with the place in the block outermost
/// among the channels, or innermost in mode CRD.
struct SpaceToDepth: Operator {
    static let name = "SpaceToDepth"
    static let versions = [1, 13, 28]
    private let block: Int
    private let isDepthFirst: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        block = try blockSize(node)
        isDepthFirst = try isDepthColumnRow(node)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let lengths = context[0].dimensions, lengths.count == 4 else { return [.tensor(context[0].dtype, nil)] }
        let channels = DimensionArithmetic.multiply(lengths[1], .fixed(block * block))
        let sides = lengths[2...].map { $0.value.map { Dimension.fixed($0 / block) } ?? .unknown }
        return [.tensor(context[0].dtype, [lengths[0], channels] + sides)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let shape = input.shape
        guard shape.rank == 4, shape[2] % block == 0, shape[3] % block == 0 else {
            throw QTuneError(.invalidInput, "\(shape) does not part into blocks of \(block) by \(block)")
        }
        let result = try checkedShape(
            [shape[0], product(shape[1], block * block), shape[2] / block, shape[3] / block], operand: "the result")
        let (batch, deep, row, column) = (shape.strides[0], shape.strides[1], shape.strides[2], shape.strides[3])
        if isDepthFirst {
            return try shuffled(
                context, input, to: result, box: [shape[0], block, block, shape[1], result[2], result[3]],
                strides: [batch, row, column, deep, block * row, block * column])
        }
        return try shuffled(
            context, input, to: result, box: [shape[0], shape[1], block, block, result[2], result[3]],
            strides: [batch, deep, row, column, block * row, block * column])
    }
}

/// Attribute `blocksize`, small enough for its square to fit.
private func blockSize(_ node: NodeReader) throws -> Int {
    let block = try node.required("blocksize", node.int("blocksize"))
    guard (1...1 << 20).contains(block) else { throw QTuneError(.invalidModel, "attribute 'blocksize' is \(block)") }
    return block
}

/// Whether the place in a block comes before the channel (DCR) or after it (CRD).
private func isDepthColumnRow(_ node: NodeReader) throws -> Bool {
    switch try node.string("mode") ?? "DCR" {
    case "DCR": return true
    case "CRD": return false
    case let other: throw QTuneError(.invalidModel, "attribute 'mode' is '\(other)', not DCR or CRD")
    }
}

/// The product, or -1 where it overflows.
private func product(_ a: Int, _ b: Int) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? -1 : product
}

/// The operand's elements, walked through as a box, as a tensor of another shape.
private func shuffled(
    _ context: EvaluationContext, _ input: Tensor, to shape: Shape, box: [Int], strides: [Int]
) throws -> [Value] {
    let carrier = try ElementCarrier([input])
    return [
        try carrier.makeOutput(context, shape) { output in
            StridedCopy.copy(
                box, from: carrier.tensors[0], StridedView(strides: strides), to: output,
                StridedView(strides: Shape(box).strides))
        }
    ]
}
