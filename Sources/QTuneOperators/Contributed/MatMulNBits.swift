import QTuneGraph
import QTuneKernels
import QTuneTensor

/// A product with a matrix of 2, 4 or 8 bits in blocks along its depth, plus a bias. Operands: a, [..., K]; the matrix,
/// uint8 [N, blocks, bytes of a block], lowest bits first; a scale for each block of each column; zero points, packed
/// like the matrix or of a float type; g_idx, which must be left out; bias.
///
/// Constant blocks are expanded once into a packed float32 matrix.
struct MatMulNBits: Operator {
    static let name = "MatMulNBits"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let depth: Int
    private let columns: Int
    private let bits: Int
    private let blockSize: Int
    private let operands: [String]
    private var packed: FloatMatrix?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...6)
        depth = try node.required("K", try node.int("K"))
        columns = try node.required("N", try node.int("N"))
        blockSize = try node.required("block_size", try node.int("block_size"))
        bits = try node.int("bits") ?? 4
        operands = node.node.inputs
        guard [2, 4, 8].contains(bits) else {
            throw QTuneError(.unsupported, "a MatMulNBits of \(bits) bits; 2, 4 and 8 are done")
        }
        guard depth > 0, columns > 0, (1...1 << 20).contains(blockSize), (blockSize * bits).isMultiple(of: 8),
            Shape(checking: [columns, depth, 8]) != nil
        else { throw QTuneError(.invalidModel, "a matrix of \(depth) x \(columns) in blocks of \(blockSize)") }
        guard try node.int("weight_prepacked") ?? 0 == 0 else {
            throw QTuneError(
                .unsupported, "attribute 'weight_prepacked': the layout is that of one GPU",
                remedy: "export the network with the weights as the operator defines them")
        }
        guard operands.count < 5 || operands[4].isEmpty else {
            throw QTuneError(
                .unsupported, "the operand g_idx '\(operands[4])', an order of the groups",
                remedy: "quantize the network without act-order, or fold the order into the weights")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions.map { $0.dropLast() + [.fixed(columns)] })]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let a = try context.tensor(0)
        guard a.shape.dimensions.last == depth else {
            throw QTuneError(.invalidInput, "a product of \(a.shape) with \(depth) rows")
        }
        let matrix =
            try packed
            ?? FloatMatrix(
                try expanded(
                    try context.tensor(1), scales: try context.tensor(2), zeroPoints: try context.optionalTensor(3)),
                transposed: true)
        let shape = try checkedShape(a.shape.dimensions.dropLast() + [columns], operand: "the product")
        let bias = try context.optionalTensor(5)
        guard bias?.count ?? columns == columns, bias?.dtype ?? a.dtype == a.dtype else {
            throw QTuneError(.invalidInput, "a bias of \(bias?.shape ?? []) for \(columns) columns")
        }
        return [
            try context.makeFloatOutput(0, a.dtype, shape) { output in
                guard output.dtype == .float32 else { throw QTuneError(.invalidInput, "a MatMulNBits of \(a.dtype)") }
                guard output.count > 0 else { return }
                matrix.run(a.widened(), into: output, pool: context.pool)
                if let bias {
                    Elementwise.binary(
                        .add, output, bias.widened().reshaped(to: [columns]), into: output, pool: context.pool)
                }
            }
        ]
    }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        let hasZeroPoints = operands.count > 3 && !operands[3].isEmpty
        guard let matrix = constants[1], let scales = constants[2], !hasZeroPoints || constants[3] != nil else {
            return nil
        }
        var copy = self
        copy.packed = try FloatMatrix(
            try expanded(matrix, scales: scales, zeroPoints: constants[3]), transposed: true)
        return copy
    }

    /// The matrix in float32, [N, K].
    private func expanded(_ matrix: Tensor, scales: Tensor, zeroPoints: Tensor?) throws -> Tensor {
        let blocks = (depth - 1) / blockSize + 1
        let bytesPerBlock = blockSize * bits / 8
        let packedShape = try checkedShape([columns, blocks, bytesPerBlock], operand: "the blocks of the matrix")
        guard matrix.dtype == .uint8, matrix.count == packedShape.elementCount, scales.count == columns * blocks else {
            throw QTuneError(
                .invalidInput,
                "blocks \(matrix.dtype)\(matrix.shape) and scales \(scales.shape) of a matrix of \(depth) x \(columns)")
        }
        let scales = try scales.floats()
        let zeros = try zeros(zeroPoints, blocks: blocks)
        let result = try EvaluationContext.fresh(.float32, [columns, depth])
        let (perByte, mask) = (8 / bits, UInt8(truncatingIfNeeded: (1 << bits) - 1))
        matrix.withSpan(of: UInt8.self) { source in
            result.withMutableSpan(of: Float.self) { target in
                for run in 0..<columns * blocks {
                    let first = run % blocks * blockSize
                    let start = run / blocks * depth + first
                    let (scale, zero) = (scales[run], zeros.isEmpty ? Float(1 << (bits - 1)) : zeros[run])
                    for index in 0..<min(blockSize, depth - first) {
                        let byte = source[run * bytesPerBlock + index / perByte]
                        let code = (byte >> UInt8(index % perByte * bits)) & mask
                        target[start + index] = (Float(code) - zero) * scale
                    }
                }
            }
        }
        return result
    }

    /// The zero point of each block of each column; empty where all are in the middle of the range.
    private func zeros(_ tensor: Tensor?, blocks: Int) throws -> [Float] {
        guard let tensor else { return [] }
        guard tensor.dtype == .uint8 else {
            let zeros = try tensor.floats()
            guard zeros.count == columns * blocks else {
                throw QTuneError(.invalidInput, "zero points of \(tensor.shape) for \(columns) x \(blocks) blocks")
            }
            return zeros
        }
        let bytesPerColumn = (blocks * bits + 7) / 8
        guard tensor.count == columns * bytesPerColumn else {
            throw QTuneError(.invalidInput, "zero points of \(tensor.shape) for \(columns) x \(blocks) blocks")
        }
        let bytes = tensor.array(of: UInt8.self)
        let (perByte, mask) = (8 / bits, (1 << bits) - 1)
        return (0..<columns * blocks).map { run in
            let (column, block) = (run / blocks, run % blocks)
            return Float(Int(bytes[column * bytesPerColumn + block / perByte]) >> (block % perByte * bits) & mask)
        }
    }
}
