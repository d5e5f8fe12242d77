import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Attention of projected queries, keys and values, apart or side by side, with the projections' bias, masks and a
/// cache.
struct MultiHeadAttention: Operator {
    static let name = "MultiHeadAttention"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let heads: Int
    private let isCausal: Bool
    private let scale: Float?
    private let filter: Float

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...10, outputs: 1...4)
        heads = try node.required("num_heads", node.int("num_heads"))
        isCausal = try node.int("unidirectional") ?? 0 != 0
        scale = try node.float("scale").flatMap { $0 == 0 ? nil : $0 }
        filter = try node.float("mask_filter_value") ?? -10000
        guard (1...Int(Int32.max)).contains(heads) else {
            throw QTuneError(.invalidModel, "attribute 'num_heads' is \(heads)")
        }
        for (index, name) in [(8, "past_sequence_length"), (9, "cache_indirection")]
        where index < node.node.inputs.count && !node.node.inputs[index].isEmpty {
            throw QTuneError(.unsupported, "operand '\(name)' of a MultiHeadAttention")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dtype = context[0].dtype
        let (query, key, value) = (context[0].dimensions, context[1].dimensions, context[2].dimensions)
        guard let query, [3, 5].contains(query.count) else {
            return [InferredValue](repeating: .tensor(dtype, nil), count: 4)
        }
        let number = Dimension.fixed(heads)
        /// The keys and the elements of a head of an operand of any form.
        func matrices(_ dimensions: [Dimension]?) -> (keys: Dimension, size: Dimension) {
            guard let dimensions else { return (.unknown, .unknown) }
            switch dimensions.count {
            case 3: return (dimensions[1], DimensionArithmetic.divide(dimensions[2], number))
            case 4: return (dimensions[2], dimensions[3])
            case 5: return (dimensions[1], dimensions[4])
            default: return (.unknown, .unknown)
            }
        }
        let keys = query.count == 5 ? matrices(query) : matrices(key)
        let values = query.count == 5 || !context.has(2) ? keys : matrices(value)
        let past: Dimension =
            context.has(6) ? context[6].dimensions.flatMap { $0.count == 4 ? $0[2] : nil } ?? .unknown : .fixed(0)
        let total = DimensionArithmetic.add(past, keys.keys)
        return [
            .tensor(dtype, [query[0], query[1], DimensionArithmetic.multiply(number, values.size)]),
            .tensor(dtype, [query[0], number, total, keys.size]),
            .tensor(dtype, [query[0], number, total, values.size]),
            .tensor(dtype, [query[0], number, query[1], total]),
        ]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let type = try context.tensor(0).dtype
        let projections = try ProjectedOperands(context, heads: heads)
        let pastKey = try context.optionalTensor(6)
        let operands = try AttentionOperands(
            query: projections.query, key: projections.key, value: projections.value, queryHeads: heads,
            keyHeads: heads, pastKey: pastKey?.widened(), pastValue: try context.optionalTensor(7)?.widened())
        let (queries, values) = (operands.queryMatrices, operands.valueMatrices)
        guard queries.heads == heads, values.heads == heads, queries.columns > 0 else {
            throw QTuneError(.invalidInput, "queries \(queries.text) for \(heads) heads")
        }
        let mask = try mask(context, operands, past: pastKey?.shape[2] ?? 0)
        var product = ScaledDotProduct<Float>(
            queries: queries, keys: operands.keyMatrices, values: values, mask: mask,
            scale: scale ?? 1 / Float(queries.columns).squareRoot())
        let shape = try checkedShape(
            [queries.batches, queries.rows, heads * values.columns], operand: "the result")
        let output = try context.makeOutput(0, type, shape)
        let scores = context.outputCount > 3 ? try context.makeOutput(3, type, operands.scoresShape) : nil
        let (wide, wideScores) = (WorkingCopy<Float>(output), scores.map { WorkingCopy<Float>($0) })
        product.kept = wideScores.map { (.bias, $0.tensor) }
        product.run(into: try HeadMatrices(wide.tensor, heads: heads), pool: context.pool)
        wide.finish()
        wideScores?.finish()
        var results: [Value] = [.tensor(output)]
        if context.outputCount > 1 {
            for (index, joined) in [(1, operands.presentKey()), (2, operands.presentValue())] {
                let present = try context.makeOutput(index, type, joined.shape)
                joined.narrow(into: present)
                results.append(.tensor(present))
            }
        }
        if let scores { results.append(.tensor(scores)) }
        return results
    }

    private func mask(
        _ context: EvaluationContext, _ operands: AttentionOperands, past: Int
    ) throws -> AttentionMask {
        let (shape, queries, keys) = (operands.scoresShape, operands.queryMatrices, operands.keyMatrices)
        var mask = AttentionMask(batches: queries.batches, keys: keys.rows, offset: past)
        if isCausal {
            guard queries.rows == keys.rows - past else {
                throw QTuneError(
                    .unsupported, "causal attention of \(queries.rows) queries over \(keys.rows - past) new keys")
            }
            mask.right = 0
        }
        let padding = try context.optionalTensor(4).map {
            try KeyPadding.bias(lengths(in: $0, queries.batches), shape: shape, filter: filter)
        }
        let bias = try context.optionalTensor(5).map { bias in
            guard bias.dtype.isFloatingPoint else { throw QTuneError(.invalidInput, "a bias of \(bias.dtype)") }
            return Float.elements(of: bias)
        }
        if let bias = try KeyPadding.sum(padding, bias, shape: shape) { mask.add(bias: bias, to: shape) }
        return mask
    }

    /// A mask of [3 * batch + 2] starts with where the keys of each batch end, and says that twice more in sums.
    private func lengths(in mask: Tensor, _ batches: Int) throws -> Tensor {
        guard mask.shape.rank == 1, mask.count == 3 * batches + 2, let numbers = mask.integers else { return mask }
        return Tensor(numbers.prefix(batches).map { Int64($0) }, shape: [batches])
    }
}

/// Queries, keys and values in float32, with the bias of their projections.
private struct ProjectedOperands {
    let query: Tensor
    let key: Tensor
    let value: Tensor

    /// Takes [batch, sequence, heads * size] each; or all of them, or keys and values, as [batch, sequence, heads,
    /// parts, size]; or keys and values as [batch, heads, sequence, size].
    init(_ context: EvaluationContext, heads: Int) throws {
        let operands = try (0..<3).map { try context.optionalTensor($0) }
        let query = try context.tensor(0)
        guard [.float32, .float16].contains(query.dtype),
            operands.allSatisfy({ $0 == nil || $0?.dtype == query.dtype && $0?.shape.isSmall == true })
        else {
            let text = operands.map { $0.map { "\($0.dtype)\($0.shape)" } ?? "nothing" }.joined(separator: ", ")
            throw QTuneError(.invalidInput, "attention of \(text)")
        }
        var parts: [Tensor]
        switch (operands[1], operands[2]) {
        case (nil, nil): parts = try Self.parts(query, count: 3, heads: heads)
        case (let packed?, nil): parts = [query.widened()] + (try Self.parts(packed, count: 2, heads: heads))
        case (let key?, let value?): parts = [query, key, value].map { $0.widened() }
        case (nil, _): throw QTuneError(.invalidModel, "values without keys")
        }
        // Keys and values that come by heads have their bias already.
        let isByHeads = parts[1].shape.rank == 4
        guard parts[0].shape.rank == 3, isByHeads || parts[1].shape.rank == 3 else {
            throw QTuneError(.invalidInput, "attention of \(query.shape) over \(parts[1].shape)")
        }
        if let bias = try context.optionalTensor(3) {
            let widths = [parts[0], parts[0], parts[2]].map { part in
                part.shape.rank == 4 ? heads * part.shape[3] : part.shape.dimensions.last ?? 0
            }
            guard bias.dtype == query.dtype, bias.shape == [widths.reduce(0, +)] else {
                throw QTuneError(.invalidInput, "a bias of \(bias.dtype)\(bias.shape) for parts of \(widths)")
            }
            let numbers = bias.widened().array(of: Float.self)
            for index in 0..<(isByHeads ? 1 : 3) {
                let start = widths[..<index].reduce(0, +)
                parts[index] = try Self.sum(
                    parts[index], Array(numbers[start..<start + widths[index]]), pool: context.pool)
            }
        }
        // Both come by heads or neither does.
        self.query = isByHeads ? try HeadMatrices(parts[0], heads: heads).unpacked() : parts[0]
        (key, value) = (parts[1], parts[2])
    }

    /// The parts of a tensor [batch, sequence, heads, parts, size], each [batch, sequence, heads * size].
    private static func parts(_ packed: Tensor, count: Int, heads: Int) throws -> [Tensor] {
        let lengths = packed.shape.dimensions
        guard lengths.count == 5, lengths[2] == heads, lengths[3] == count else {
            throw QTuneError(
                .invalidInput, "\(packed.shape) is not [batch, sequence, \(heads), \(count), size of a head]")
        }
        let wide = packed.widened()
        let size = lengths[4]
        let rows = size == 0 ? 0 : packed.count / (count * size)
        return (0..<count).map { index in
            let part = Tensor(uninitialized: .float32, shape: [lengths[0], lengths[1], heads * size])
            StridedCopy.copy(
                [rows, size], from: wide, StridedView(offset: index * size, strides: [count * size, 1]), to: part,
                StridedView(strides: [size, 1]))
            return part
        }
    }

    private static func sum(_ part: Tensor, _ bias: [Float], pool: ThreadPool) throws -> Tensor {
        guard part.shape.dimensions.last == bias.count else {
            throw QTuneError(.invalidInput, "a bias of \(bias.count) elements for \(part.shape)")
        }
        let sum = Tensor(uninitialized: .float32, shape: part.shape)
        guard sum.count > 0 else { return sum }
        Elementwise.binary(.add, part, Tensor(bias, shape: [bias.count]), into: sum, pool: pool)
        return sum
    }
}

extension Shape {
    /// Whether the product of two lengths fits an integer.
    fileprivate var isSmall: Bool { dimensions.allSatisfy { $0 <= Int(Int32.max) } }
}
