import QTuneGraph
package import QTuneKernels
import QTuneTensor

/// `softmax(scale * Q * K^T + mask) * V` in float32 over operands as they lie in memory: what a network writes as
/// products with transpositions around them.
///
/// Operands: queries, keys, values, mask (optional). Each of the first three is a tensor of which `*_perm`, as for
/// Transpose, gives [batch, heads, sequence, size] or [batch, sequence, size]; elements of a vector are neighbours.
/// The result is transposed by `output_perm`. Batches, heads and, by the mask, queries broadcast.
package struct HeadAttention: Operator {
    package static let name = "HeadAttention"
    package static let domain = "qtune"
    package static let versions = [1]

    /// For queries, keys and values.
    private let permutations: [[Int]]
    private let outputPermutation: [Int]
    private let scale: Float
    /// Whether mask elements other than 0 stand for the scores themselves, rather than being added.
    private let maskReplaces: Bool

    package init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...4)
        permutations = try ["query_perm", "key_perm", "value_perm"].map { try node.required($0, try node.ints($0)) }
        outputPermutation = try node.required("output_perm", try node.ints("output_perm"))
        scale = try node.float("scale") ?? 1
        maskReplaces = try node.int("mask_replaces") ?? 0 != 0
        let rank = outputPermutation.count
        for axes in permutations + [outputPermutation] {
            guard rank == 3 || rank == 4, axes.sorted() == Array(0..<rank), axes[rank - 1] == rank - 1 else {
                throw QTuneError(.invalidModel, "attention over operands transposed by \(axes)")
            }
        }
    }

    private var rank: Int { outputPermutation.count }

    package func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let unknown = [Dimension](repeating: .unknown, count: rank)
        let operands = permutations.enumerated().map { index, axes in
            let dimensions = context[index].dimensions ?? unknown
            return axes.map { $0 < dimensions.count ? dimensions[$0] : .unknown }
        }
        let (queries, keys, values) = (operands[0], operands[1], operands[2])
        var scores = try Broadcasting.broadcast(Array(queries.dropLast(2)), Array(keys.dropLast(2)))
        scores += [queries[rank - 2], keys[rank - 2]]
        if context.has(3) {
            scores = try Broadcasting.broadcast(scores, context[3].dimensions ?? unknown)
        }
        let batches = try Broadcasting.broadcast(Array(scores.dropLast(2)), Array(values.dropLast(2)))
        let result = batches + [scores.count < rank ? .unknown : scores[rank - 2], values[rank - 1]]
        guard result.count == rank else { return [.tensor(.float32, nil)] }
        return [.tensor(.float32, outputPermutation.map { result[$0] })]
    }

    package func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let views = try permutations.enumerated().map { try HeadView(try context.tensor($0), axes: $1) }
        let mask = try context.optionalTensor(3)
        guard mask?.dtype ?? .float32 == .float32, mask?.shape.rank ?? 0 <= rank else {
            throw QTuneError(.invalidInput, "a mask \(mask?.dtype.name ?? "")\(mask?.shape ?? []) for \(rank) axes")
        }
        let (queries, keys, values) = (views[0], views[1], views[2])
        guard queries.columns == keys.columns, keys.rows == values.rows else {
            throw QTuneError(
                .invalidInput, "queries \(queries.lengths), keys \(keys.lengths) and values \(values.lengths)")
        }
        var maskLengths = mask?.shape.dimensions ?? []
        // Three axes have no heads.
        if rank == 3, maskLengths.count == 3 { maskLengths.insert(1, at: 1) }
        let maskShape = Shape(maskLengths)
        let shapes = [queries, keys, values].map { Shape($0.lengths[..<2] + [1, 1]) }
        let scores = try Broadcasting.shape(
            of: shapes + [[1, 1, queries.rows, keys.rows], maskShape])
        guard scores[3] == keys.rows else {
            throw QTuneError(.invalidInput, "a mask of \(maskShape) for \(keys.rows) keys")
        }
        try MemoryLimit.check(.float32, [scores[2], keys.rows])
        let lengths = [scores[0], scores[1], scores[2], values.columns]
        let logical = rank == 4 ? lengths : [lengths[0], lengths[2], lengths[3]]
        let output = try context.makeOutput(
            0, .float32, try checkedShape(outputPermutation.map { logical[$0] }, operand: "the result"))
        var product = ScaledDotProduct<Float>(
            queries: queries.matrices(batches: scores[0], heads: scores[1], rows: scores[2]),
            keys: keys.matrices(batches: scores[0], heads: scores[1], rows: keys.rows),
            values: values.matrices(batches: scores[0], heads: scores[1], rows: keys.rows),
            mask: attentionMask(mask?.reshaped(to: maskShape), scores), scale: scale)
        product.clearsHiddenRows = false
        let inverse = (0..<rank).map { axis in outputPermutation.firstIndex(of: axis) ?? axis }
        product.run(
            into: try HeadView(output, axes: inverse).matrices(batches: scores[0], heads: scores[1], rows: scores[2]),
            pool: context.pool)
        return [.tensor(output)]
    }

    package func work(_ inputs: [Value?], _ outputs: [Value]) -> KernelWork? {
        guard let keys = inputs[1]?.tensor?.shape, let values = inputs[2]?.tensor?.shape, let result = outputs[0].tensor
        else { return nil }
        return FloatAttention.work(
            outputElements: result.count, width: values[rank - 1], keys: keys[permutations[1][rank - 2]],
            depth: keys[rank - 1])
    }

    private func attentionMask(_ mask: Tensor?, _ scores: Shape) -> AttentionMask {
        var result = AttentionMask(batches: scores[0], keys: scores[3])
        guard var mask else { return result }
        // Kernels take the numbers of neighbouring keys one behind the other.
        if mask.shape.dimensions.last != scores[3] {
            mask = Broadcasting.expanded(mask, to: Shape(Array(mask.shape.dimensions.dropLast()) + [scores[3]]))
        }
        result.add(bias: mask, to: scores, replaces: maskReplaces)
        return result
    }
}

/// A float32 tensor whose axes, taken in some order, are [batch, heads, sequence, size]; one of three axes has one
/// head.
private struct HeadView {
    let tensor: Tensor
    /// [batches, heads, rows, columns], and the elements between neighbours along the first three.
    let lengths: [Int]
    let strides: [Int]

    init(_ tensor: Tensor, axes: [Int]) throws {
        guard tensor.dtype == .float32, tensor.shape.rank == axes.count else {
            throw QTuneError(.invalidInput, "an attention operand \(tensor.dtype)\(tensor.shape)")
        }
        guard tensor.shape.dimensions.allSatisfy({ $0 <= Int(Int32.max) }) else {
            throw QTuneError(.unsupported, "attention over \(tensor.shape)")
        }
        self.tensor = tensor
        var lengths = axes.map { tensor.shape[$0] }
        var strides = axes.map { tensor.shape.strides[$0] }
        if axes.count == 3 {
            lengths.insert(1, at: 1)
            strides.insert(0, at: 1)
        }
        (self.lengths, self.strides) = (lengths, Array(strides.dropLast()))
    }

    var rows: Int { lengths[2] }
    var columns: Int { lengths[3] }

    /// The matrices repeated over axes of which there is one.
    func matrices(batches: Int, heads: Int, rows: Int) -> HeadMatrices {
        let target = [batches, heads, rows, columns]
        return HeadMatrices(tensor, target, strides: (0..<3).map { lengths[$0] == target[$0] ? strides[$0] : 0 })
    }
}
