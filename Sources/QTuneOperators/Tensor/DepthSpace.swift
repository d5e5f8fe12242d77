import QTuneGraph
import QTuneKernels
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
        let split = isDepthFirst ? [block, block, channels] : [channels, block, block]
        return try shuffled(
            context, input, to: result, parts: [shape[0]] + split + [shape[2], shape[3]],
            order: isDepthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3])
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
        if input.dtype.bitWidth == 32, input.count > 0, shape[3] <= Int(Int32.max) {
            let output = try context.makeOutput(0, input.dtype, result)
            part(input, into: output, pool: context.pool)
            return [.tensor(output)]
        }
        return try shuffled(
            context, input, to: result, parts: [shape[0], shape[1], result[2], block, result[3], block],
            order: isDepthFirst ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4])
    }

    /// Moves the rows of each place in the blocks, plane by plane.
    private func part(_ input: Tensor, into output: Tensor, pool: ThreadPool) {
        let (channels, places) = (input.shape[1], block * block)
        let (height, width) = (output.shape[2], output.shape[3])
        let rows = SteppedRows(columns: width, step: block)
        pool.run(over: input.shape[0] * channels, grain: max(1, 16_384 / (height * width * places))) { planes in
            for plane in planes {
                let (image, channel) = plane.quotientAndRemainder(dividingBy: channels)
                for place in 0..<places {
                    let within = isDepthFirst ? place * channels + channel : channel * places + place
                    let first = (plane * height * block + place / block) * width * block + place % block
                    rows.move(
                        height, of: input, from: first, stride: width * places, into: output,
                        at: (image * channels * places + within) * height * width)
                }
            }
        }
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

/// The operand's elements as a tensor of another shape: with axes split into `parts`, and those in another order.
private func shuffled(
    _ context: EvaluationContext, _ input: Tensor, to shape: Shape, parts: [Int], order: [Int]
) throws -> [Value] {
    let carrier = try ElementCarrier([input])
    return [
        try carrier.makeOutput(context, shape) { output in
            Layout.transpose(
                carrier.tensors[0].reshaped(to: Shape(parts)), permutation: order,
                into: output.reshaped(to: Shape(order.map { parts[$0] })), pool: context.pool)
        }
    ]
}
