import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The sum of the embeddings of words, positions and segments, normalized; on request the number of words that a mask
/// leaves in each sentence, and the sum.
struct EmbedLayerNormalization: Operator {
    static let name = "EmbedLayerNormalization"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let epsilon: Float

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 7...9, outputs: 1...3)
        epsilon = try node.float("epsilon") ?? 1e-12
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let words = context[0].dimensions
        if let words, words.count != 2 { throw QTuneError(.invalidModel, "words of \(words), not [batch, sequence]") }
        let size = context[5].dimensions?.first ?? .unknown
        let embedded = InferredValue.tensor(context[2].dtype, words.map { $0 + [size] })
        return [embedded, .tensor(.int32, words.map { [$0[0]] }), embedded]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let words = try context.tensor(0)
        guard words.shape.rank == 2, words.dtype == .int32 else {
            throw QTuneError(.invalidInput, "words of \(words.dtype)\(words.shape), not int32[batch, sequence]")
        }
        let (scale, shift) = (try context.tensor(5), try context.tensor(6))
        let table = try context.tensor(2)
        guard scale.shape.rank == 1, shift.shape == scale.shape else {
            throw QTuneError(.invalidInput, "a scale of \(scale.shape) and a shift of \(shift.shape)")
        }
        let size = scale.shape[0]
        let shape = try checkedShape(words.shape.dimensions + [size], operand: "the embeddings")
        try MemoryLimit.check(.float32, shape)
        let sum = Tensor(zeros: .float32, shape: shape)
        try Embedding(table, size: size).add(try indices(words, words.shape), to: sum)
        try Embedding(try context.tensor(3), size: size).add(try positions(context, words.shape), to: sum)
        if let segments = try context.optionalTensor(1), let table = try context.optionalTensor(4) {
            try Embedding(table, size: size).add(try indices(segments, words.shape), to: sum)
        }
        return try results(context, sum, table.dtype, words.shape)
    }

    private func results(
        _ context: EvaluationContext, _ sum: Tensor, _ dtype: DType, _ words: Shape
    ) throws -> [Value] {
        let (scales, shifts) = (try context.tensor(5).doubles(), try context.tensor(6).doubles())
        func narrowed(_ index: Int, _ wide: Tensor) throws -> Value {
            let output = try context.makeOutput(index, dtype, sum.shape)
            wide.narrow(into: output)
            return .tensor(output)
        }
        let inner = EvaluationContext(inputs: [], outputCount: 1, pool: context.pool)
        let normalized = try inner.makeNormalized(
            0, sum, AxisRuns(sum.shape, axes: 2..<3), epsilon: epsilon,
            affine: { _, place in (scales[place], shifts[place]) })
        var results = [try narrowed(0, normalized.tensor ?? sum)]
        if context.outputCount > 1 { results.append(.tensor(try counts(context, words))) }
        if context.outputCount > 2 { results.append(try narrowed(2, sum)) }
        return results
    }

    /// The positions of the words: one after another unless an operand names them.
    private func positions(_ context: EvaluationContext, _ shape: Shape) throws -> [Int] {
        guard let operand = try context.optionalTensor(8) else {
            return (0..<shape[0]).flatMap { _ in 0..<shape[1] }
        }
        guard operand.shape == [1, shape[1]], shape[0] != 1, let row = operand.integers else {
            return try indices(operand, shape)
        }
        return (0..<shape[0]).flatMap { _ in row }
    }

    private func indices(_ tensor: Tensor, _ shape: Shape) throws -> [Int] {
        guard tensor.shape == shape, let indices = tensor.integers else {
            throw QTuneError(.invalidInput, "indices \(tensor.dtype)\(tensor.shape) for words of \(shape)")
        }
        return indices
    }

    /// How many elements of each row of the mask are 1; 0 without a mask.
    private func counts(_ context: EvaluationContext, _ shape: Shape) throws -> Tensor {
        guard let mask = try context.optionalTensor(7) else { return Tensor(zeros: .int32, shape: [shape[0]]) }
        let flags = try indices(mask, shape)
        let counts = (0..<shape[0]).map { row in
            Int32(truncatingIfNeeded: flags[row * shape[1]..<(row + 1) * shape[1]].count { $0 == 1 })
        }
        return Tensor(counts, shape: [shape[0]])
    }

    /// A table of vectors, one a row.
    private struct Embedding {
        private let table: Tensor
        private let size: Int

        init(_ table: Tensor, size: Int) throws {
            guard table.shape.rank == 2, table.shape[1] == size, [.float32, .float16, .bfloat16].contains(table.dtype)
            else { throw QTuneError(.invalidInput, "embeddings \(table.dtype)\(table.shape), not vectors of \(size)") }
            self.table = table
            self.size = size
        }

        /// Adds the vectors that `indices` name to the rows of `sum`.
        func add(_ indices: [Int], to sum: Tensor) throws {
            guard indices.allSatisfy({ (0..<table.shape[0]).contains($0) }) else {
                throw QTuneError(.invalidInput, "an index is out of range for embeddings of \(table.shape)")
            }
            switch table.dtype {
            case .float16: add(indices, to: sum) { (x: Float16) in Float(x) }
            case .bfloat16: add(indices, to: sum) { (x: BFloat16) in x.float }
            default: add(indices, to: sum) { (x: Float) in x }
            }
        }

        private func add<Element: TensorElement>(_ indices: [Int], to sum: Tensor, _ widen: (Element) -> Float) {
            table.withSpan(of: Element.self) { table in
                sum.withMutableSpan(of: Float.self) { sum in
                    for (row, index) in indices.enumerated() {
                        for place in 0..<size { sum[row * size + place] += widen(table[index * size + place]) }
                    }
                }
            }
        }
    }
}
