import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Turns pairs of elements of each vector by the angle of the vector's position, whose cosines and sines come as
/// tables.
struct RotaryEmbedding: Operator {
    static let name = "RotaryEmbedding"
    static let versions = [23]

    private let heads: Int?
    private let rotatedSize: Int
    private let interleaves: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...4)
        heads = try node.int("num_heads")
        rotatedSize = try node.int("rotary_embedding_dim") ?? 0
        interleaves = try node.int("interleaved") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let vectors = try HeadMatrices(input, heads: heads)
        guard input.count > 0 else { return [.tensor(input)] }
        let angles = try RotaryAngles(
            cosines: try context.tensor(1), sines: try context.tensor(2),
            pairs: try RotaryAngles.pairs(of: vectors, rotatedSize: rotatedSize),
            positions: try RotaryAngles.positions(context.optionalTensor(3), vectors))
        return [.tensor(try angles.rotate(vectors, interleaves: interleaves, in: context))]
    }
}

/// Cosines and sines of the angles that vectors are turned by.
struct RotaryAngles {
    /// Pairs of elements of a vector.
    let pairs: Int
    /// For each vector of [batch, sequence] the row of the tables.
    let positions: [Int]
    private let cosines: Tensor
    private let sines: Tensor

    /// - Parameter positions: nil where the tables hold a row for each vector of [batch, sequence].
    init(cosines: Tensor, sines: Tensor, pairs: Int, positions: Positions) throws {
        let rank = positions.areRows ? 3 : 2
        guard cosines.shape == sines.shape, cosines.dtype == sines.dtype, cosines.shape.rank == rank,
            cosines.shape[rank - 1] == pairs
        else {
            throw QTuneError(
                .invalidInput, "tables of \(cosines.shape) and \(sines.shape) for \(pairs) pairs of elements")
        }
        let rows = cosines.shape.dimensions.dropLast().reduce(1, *)
        guard positions.indices.allSatisfy({ (0..<rows).contains($0) }) else {
            throw QTuneError(.invalidInput, "a position lies outside of the tables of \(cosines.shape)")
        }
        self.pairs = pairs
        self.positions = positions.indices
        self.cosines = cosines
        self.sines = sines
    }

    /// Rows of the tables.
    struct Positions {
        let indices: [Int]
        /// Whether the tables hold a row for each vector, rather than one for each position.
        let areRows: Bool
    }

    /// How many pairs `rotatedSize` elements of a vector make, or all where it is 0.
    static func pairs(of vectors: HeadMatrices, rotatedSize: Int) throws -> Int {
        let size = rotatedSize == 0 ? vectors.columns : rotatedSize
        guard size >= 0, size % 2 == 0, size <= vectors.columns else {
            throw QTuneError(.invalidInput, "\(size) of \(vectors.columns) elements of a vector cannot turn in pairs")
        }
        return size / 2
    }

    /// The rows that `operand`, [batch, sequence], names; without it there is one for each vector.
    static func positions(_ operand: Tensor?, _ vectors: HeadMatrices) throws -> Positions {
        guard let operand else { return Positions(indices: Array(0..<vectors.batches * vectors.rows), areRows: true) }
        guard operand.shape == [vectors.batches, vectors.rows], let indices = operand.integers else {
            throw QTuneError(.invalidInput, "positions of \(operand.dtype)\(operand.shape) for \(vectors.text)")
        }
        return Positions(indices: indices, areRows: false)
    }

    /// The vectors turned, as output 0. What is behind the pairs of a vector stays as it is.
    /// - Parameter interleaves: whether neighbours make a pair, rather than elements of the two halves.
    func rotate(_ vectors: HeadMatrices, interleaves: Bool, in context: EvaluationContext) throws -> Tensor {
        let type = vectors.tensor.dtype
        guard cosines.dtype == type, let rounding = FloatRounding(type), type != .float64 else {
            throw QTuneError(.invalidInput, "vectors of \(type) with angles of \(cosines.dtype)")
        }
        let output = try context.makeOutput(0, type, vectors.tensor.shape)
        if type == .float32 {
            let rotation = PairRotation(
                pairs: pairs, columns: vectors.columns, pairsNeighbours: interleaves, cosines: cosines, sines: sines)
            context.pool.run(over: vectors.batches * vectors.heads, grain: 1) { range in
                for matrix in range {
                    let (batch, head) = matrix.quotientAndRemainder(dividingBy: vectors.heads)
                    rotation.run(
                        vectors.tensor, start: vectors.offset(batch: batch, head: head), stride: vectors.rowStride,
                        rows: positions[batch * vectors.rows..<(batch + 1) * vectors.rows], into: output)
                }
            }
            return output
        }
        let (target, source) = (WorkingCopy<Float>(output), vectors.tensor.widened())
        let tables = (cosines.widened(), sines.widened())
        context.pool.run(over: vectors.batches * vectors.heads, grain: 1) { range in
            source.withSpan(of: Float.self) { source in
                target.tensor.withMutableSpan(of: Float.self) { target in
                    tables.0.withSpan(of: Float.self) { cosines in
                        tables.1.withSpan(of: Float.self) { sines in
                            for matrix in range {
                                rotate(
                                    matrix, of: vectors, interleaves, source, cosines, sines, rounding, &target)
                            }
                        }
                    }
                }
            }
        }
        target.finish()
        return output
    }

    private func rotate(
        _ matrix: Int, of vectors: HeadMatrices, _ interleaves: Bool, _ source: Span<Float>, _ cosines: Span<Float>,
        _ sines: Span<Float>, _ rounding: FloatRounding, _ target: inout MutableSpan<Float>
    ) {
        let (batch, head) = (matrix / vectors.heads, matrix % vectors.heads)
        for row in 0..<vectors.rows {
            let start = vectors.offset(batch: batch, head: head, row: row)
            let table = positions[batch * vectors.rows + row] * pairs
            for pair in 0..<pairs {
                let first = start + (interleaves ? 2 * pair : pair)
                let second = first + (interleaves ? 1 : pairs)
                let (cosine, sine) = (cosines[table + pair], sines[table + pair])
                let products = (
                    (cosine * source[first]).rounded(by: rounding), (sine * source[second]).rounded(by: rounding),
                    (sine * source[first]).rounded(by: rounding), (cosine * source[second]).rounded(by: rounding)
                )
                target[first] = products.0 - products.1
                target[second] = products.2 + products.3
            }
            for index in start + 2 * pairs..<start + vectors.columns { target[index] = source[index] }
        }
    }
}
