import QTuneGraph
import QTuneTensor

/// The rotation of the standard's RotaryEmbedding, with positions always named: one for each vector, or that of the
/// first.
struct ContributedRotaryEmbedding: Operator {
    static let name = "RotaryEmbedding"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let heads: Int?
    private let rotatedSize: Int
    private let interleaves: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 4...4)
        heads = try node.int("num_heads").flatMap { $0 == 0 ? nil : $0 }
        rotatedSize = try node.int("rotary_embedding_dim") ?? 0
        interleaves = try node.int("interleaved") ?? 0 != 0
        guard rotatedSize == 0 || heads != nil else {
            throw QTuneError(.invalidModel, "attribute 'rotary_embedding_dim' comes with 'num_heads'")
        }
        guard try node.float("scale") ?? 1 == 1, try node.int("is_packed_batching") ?? 0 == 0 else {
            throw QTuneError(.unsupported, "a rotary embedding with 'scale' or 'is_packed_batching'")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, cosines) = (try context.tensor(0), try context.tensor(2))
        guard let pairs = cosines.shape.dimensions.last, input.shape.rank > 0 else {
            throw QTuneError(.invalidInput, "tables of \(cosines.shape)")
        }
        var heads = heads
        if heads == nil, input.shape.rank == 3, pairs > 0, pairs <= Int(Int32.max) {
            heads = input.shape[2] / (2 * pairs)
        }
        let vectors = try HeadMatrices(input, heads: heads)
        guard input.count > 0 else { return [.tensor(input)] }
        let angles = try RotaryAngles(
            cosines: cosines, sines: try context.tensor(3),
            pairs: try RotaryAngles.pairs(of: vectors, rotatedSize: rotatedSize),
            positions: try positions(try context.tensor(1), vectors))
        return [.tensor(try angles.rotate(vectors, interleaves: interleaves, in: context))]
    }

    private func positions(_ operand: Tensor, _ vectors: HeadMatrices) throws -> RotaryAngles.Positions {
        guard operand.shape == [1], let first = operand.integers?.first else {
            return try RotaryAngles.positions(operand, vectors)
        }
        guard (0...Int(Int32.max)).contains(first) else {
            throw QTuneError(.invalidInput, "the first position is \(first)")
        }
        let row = first..<first + vectors.rows
        return RotaryAngles.Positions(indices: (0..<vectors.batches).flatMap { _ in row }, areRows: false)
    }
}
