import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The checked operands of an Attention node, the cache joined to the keys and values.
struct AttentionOperands {
    let query: Tensor
    let key: Tensor
    let value: Tensor
    /// All keys and values, those of the cache first, in the form of the operands or as [batch, heads, sequence, size].
    let keys: Tensor
    let values: Tensor
    let queryMatrices: HeadMatrices
    let keyMatrices: HeadMatrices
    let valueMatrices: HeadMatrices
    let outputShape: Shape
    let scoresShape: Shape
    private let maskOperand: Tensor?
    private let pastLength: Int
    /// Keys that count, for each batch.
    private let keyCounts: [Int]?

    init(_ context: EvaluationContext, _ attributes: AttentionAttributes) throws {
        try self.init(
            query: try context.tensor(0), key: try context.tensor(1), value: try context.tensor(2),
            queryHeads: attributes.queryHeads, keyHeads: attributes.keyHeads, pastKey: try context.optionalTensor(4),
            pastValue: try context.optionalTensor(5), mask: try context.optionalTensor(3),
            keyCounts: try context.integers(6))
    }

    /// - Parameters:
    ///   - pastKey: a cache to put the new keys behind, [batch, heads, sequence, size]; so `pastValue`.
    ///   - keyCounts: for each batch how many keys count, where there is no cache.
    init(
        query: Tensor, key: Tensor, value: Tensor, queryHeads: Int? = nil, keyHeads: Int? = nil, pastKey: Tensor? = nil,
        pastValue: Tensor? = nil, mask: Tensor? = nil, keyCounts: [Int]? = nil
    ) throws {
        (self.query, self.key, self.value) = (query, key, value)
        guard query.dtype == key.dtype, FloatRounding(query.dtype) != nil, FloatRounding(value.dtype) != nil,
            query.shape.rank == key.shape.rank, key.shape.rank == value.shape.rank
        else {
            throw QTuneError(
                .invalidInput,
                "queries \(query.dtype)\(query.shape), keys \(key.dtype)\(key.shape) and values "
                    + "\(value.dtype)\(value.shape) do not go together")
        }
        guard (pastKey == nil) == (pastValue == nil), pastKey == nil || keyCounts == nil else {
            throw QTuneError(.invalidInput, "past keys and past values come together, without numbers of keys")
        }
        queryMatrices = try HeadMatrices(query, heads: queryHeads)
        let (newKeys, newValues) = (try HeadMatrices(key, heads: keyHeads), try HeadMatrices(value, heads: keyHeads))
        keys = try pastKey.map { try Self.join($0, newKeys) } ?? key
        values = try pastValue.map { try Self.join($0, newValues) } ?? value
        pastLength = pastKey?.shape[2] ?? 0
        keyMatrices = try HeadMatrices(keys, heads: keyHeads)
        valueMatrices = try HeadMatrices(values, heads: keyHeads)
        try Self.check(queryMatrices, keyMatrices, valueMatrices)
        if let keyCounts { try Self.check(keyCounts, keyMatrices) }
        self.keyCounts = keyCounts
        maskOperand = mask
        let (batches, heads, rows) = (queryMatrices.batches, queryMatrices.heads, queryMatrices.rows)
        outputShape = try checkedShape(
            query.shape.rank == 4
                ? [batches, heads, rows, valueMatrices.columns] : [batches, rows, heads * valueMatrices.columns],
            operand: "the result")
        scoresShape = try checkedShape([batches, heads, rows, keyMatrices.rows], operand: "the scores")
        try MemoryLimit.check(.float64, [rows, keyMatrices.rows])
    }

    /// Whether the arithmetic needs float64.
    var isDouble: Bool { query.dtype == .float64 || value.dtype == .float64 }

    /// All keys as [batch, heads, sequence, size].
    func presentKey() -> Tensor { keyMatrices.unpacked() }

    /// All values as [batch, heads, sequence, size].
    func presentValue() -> Tensor { valueMatrices.unpacked() }

    /// Queries and keys to multiply, with the factor of their product. Both take the root of the scale where they are
    /// rounded after it; the product takes all of it where that makes no difference.
    func scaled<Element: AttentionElement>(
        _: Element.Type, by scale: Double, _ rounding: FloatRounding
    ) -> (queries: HeadMatrices, keys: HeadMatrices, factor: Element) {
        let (q, k) = (Element.elements(of: query), Element.elements(of: keys))
        guard query.dtype == .float16 || query.dtype == .bfloat16 else {
            return (queryMatrices.over(q), keyMatrices.over(k), Element(scale))
        }
        let root = Element(scale.squareRoot()).rounded(by: rounding)
        return (
            queryMatrices.over(q.rounded(Element.self, times: root, by: rounding)),
            keyMatrices.over(k.rounded(Element.self, times: root, by: rounding)), 1
        )
    }

    func mask<Element: SteppedFloat>(_: Element.Type, _ attributes: AttentionAttributes) throws -> AttentionMask {
        var mask = AttentionMask(batches: queryMatrices.batches, keys: keyMatrices.rows, offset: pastLength)
        mask.left = attributes.left
        mask.right = attributes.right
        if let keyCounts {
            mask.keyCounts = keyCounts
            mask.offsets = keyCounts.map { $0 - queryMatrices.rows }
        }
        if let maskOperand {
            let isPadded = attributes.padsMask || maskOperand.shape.dimensions.last ?? 1 != 1
            try mask.add(Element.self, maskOperand, to: scoresShape, isPadded: isPadded)
        }
        return mask
    }

    private static func check(_ queries: HeadMatrices, _ keys: HeadMatrices, _ values: HeadMatrices) throws {
        let fits =
            queries.batches == keys.batches && keys.batches == values.batches && queries.columns == keys.columns
            && keys.heads == values.heads && keys.rows == values.rows
        guard fits, keys.heads > 0 ? queries.heads % keys.heads == 0 : queries.heads == 0 else {
            throw QTuneError(
                .invalidInput, "attention of queries \(queries.text) over keys \(keys.text) and values \(values.text)")
        }
    }

    private static func check(_ keyCounts: [Int], _ keys: HeadMatrices) throws {
        guard keyCounts.count == keys.batches, keyCounts.allSatisfy({ (0...keys.rows).contains($0) }) else {
            throw QTuneError(
                .invalidInput,
                "\(keyCounts) does not say how many of \(keys.rows) keys count in each of "
                    + "\(keys.batches) batches")
        }
    }

    /// What is in the cache with what is new behind it, [batch, heads, sequence, size].
    private static func join(_ past: Tensor, _ new: HeadMatrices) throws -> Tensor {
        let lengths = past.shape.dimensions
        guard lengths.count == 4, past.dtype == new.tensor.dtype, lengths[0] == new.batches, lengths[1] == new.heads,
            lengths[3] == new.columns
        else {
            throw QTuneError(.invalidInput, "a cache of \(past.dtype)\(past.shape) does not go with \(new.text)")
        }
        let shape = try checkedShape([lengths[0], lengths[1], lengths[2] + new.rows, lengths[3]], operand: "the cache")
        try MemoryLimit.check(past.dtype, shape)
        let joined = Tensor(uninitialized: past.dtype, shape: shape)
        StridedCopy.copy(
            lengths, from: past, StridedView(strides: past.shape.strides), to: joined,
            StridedView(strides: shape.strides))
        new.copy(into: joined, from: lengths[2])
        return joined
    }
}

extension HeadMatrices {
    /// The tensor as [batch, heads, sequence, size].
    func unpacked() -> Tensor {
        guard tensor.shape.rank != 4 else { return tensor }
        let result = Tensor(uninitialized: tensor.dtype, shape: [batches, heads, rows, columns])
        copy(into: result, from: 0)
        return result
    }

    /// Copies the matrices into those of a tensor [batch, heads, sequence, size], from row `row` on; `half` picks one
    /// of the two such tensors of [2, batch, heads, sequence, size].
    func copy(into target: Tensor, half: Int? = nil, from row: Int) {
        let strides = target.shape.strides
        let own = Array(strides.suffix(4))
        StridedCopy.copy(
            [batches, heads, rows, columns], from: tensor,
            StridedView(offset: offset(batch: 0, head: 0), strides: [batchStride, headStride, rowStride, 1]),
            to: target,
            StridedView(offset: row * own[2] + (half.map { $0 * strides[0] } ?? 0), strides: own))
    }

    var text: String { "\(tensor.dtype)[\(batches), \(heads), \(rows), \(columns)]" }
}
