import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Attention of a sequence over itself, the projections to queries, keys and values included.
struct ContributedAttention: Operator {
    static let name = "Attention"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let heads: Int
    private let isCausal: Bool
    private let scale: Float?
    private let filter: Float
    private let hiddenSizes: [Int]?
    private let wantsPresent: Bool
    /// Constant projections as the float32 kernels take them, the bias with them where it is constant, too.
    private var packed: (matrix: FloatMatrix, hasBias: Bool)?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...7, outputs: 1...2)
        heads = try node.required("num_heads", node.int("num_heads"))
        isCausal = try node.int("unidirectional") ?? 0 != 0
        scale = try node.float("scale").flatMap { $0 == 0 ? nil : $0 }
        filter = try node.float("mask_filter_value") ?? -10000
        hiddenSizes = try node.ints("qkv_hidden_sizes")
        wantsPresent = node.wantsOutput(1)
        let sizes = 1...Int(Int32.max)
        guard sizes.contains(heads), hiddenSizes?.count ?? 3 == 3, hiddenSizes?.allSatisfy(sizes.contains) ?? true
        else {
            throw QTuneError(.invalidModel, "attributes 'num_heads' or 'qkv_hidden_sizes' are out of range")
        }
        for name in ["do_rotary", "past_present_share_buffer"] where try node.int(name) ?? 0 != 0 {
            throw QTuneError(.unsupported, "attribute '\(name)' of an Attention")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let (dtype, input) = (context[0].dtype, context[0].dimensions)
        guard let input else { return [.tensor(dtype, nil), .tensor(dtype, nil)] }
        guard input.count == 3 else { throw QTuneError(.invalidModel, "attention of \(input), not of 3 axes") }
        let all = context[1].dimensions?.last ?? .unknown
        let size = hiddenSizes.map { .fixed($0[2]) } ?? DimensionArithmetic.divide(all, .fixed(3))
        let past: Dimension =
            context.has(4) ? context[4].dimensions.flatMap { $0.count == 5 ? $0[3] : nil } ?? .unknown : .fixed(0)
        return [
            .tensor(dtype, [input[0], input[1], size]),
            .tensor(
                dtype,
                [
                    .fixed(2), input[0], .fixed(heads), DimensionArithmetic.add(past, input[1]),
                    DimensionArithmetic.divide(size, .fixed(heads)),
                ]),
        ]
    }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        guard let weights = constants[1], weights.shape.rank == 2, weights.count > 0,
            [.float32, .float16].contains(weights.dtype)
        else { return nil }
        let bias = constants[2].flatMap { $0.dtype == weights.dtype && $0.count == weights.shape[1] ? $0 : nil }
        var copy = self
        copy.packed = (try FloatMatrix(weights.widened(), bias: bias?.widened()), bias != nil)
        return copy
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let projected = try project(context)
        let (sizes, type) = (projected.sizes, try context.tensor(0).dtype)
        let queries = HeadMatrices(packed: projected.tensor, at: 0, width: sizes[0], heads: heads)
        let newKeys = HeadMatrices(packed: projected.tensor, at: sizes[0], width: sizes[1], heads: heads)
        let newValues = HeadMatrices(
            packed: projected.tensor, at: sizes[0] + sizes[1], width: sizes[2], heads: heads)
        let cache = try KeyValueCache(try context.optionalTensor(4), newKeys, newValues, isWanted: wantsPresent)
        let (keys, values) = (cache.keys, cache.values)
        let shape = try checkedShape([queries.batches, heads, queries.rows, keys.rows], operand: "the scores")
        try MemoryLimit.check(.float32, [queries.rows, keys.rows])
        let output = try context.makeOutput(0, type, [queries.batches, queries.rows, sizes[2]])
        let present = wantsPresent ? [Value.tensor(try cache.present(1, type, in: context))] : []
        guard output.count > 0 else { return [.tensor(output)] + present }
        var mask = AttentionMask(batches: queries.batches, keys: keys.rows, offset: cache.length)
        mask.right = isCausal ? 0 : nil
        let padding = try context.optionalTensor(3).map { try KeyPadding.bias($0, shape: shape, filter: filter) }
        let bias = try context.optionalTensor(5).map { Float.elements(of: $0) }
        if let bias = try KeyPadding.sum(padding, bias, shape: shape) { mask.add(bias: bias, to: shape) }
        let product = ScaledDotProduct<Float>(
            queries: queries, keys: keys, values: values, mask: mask,
            scale: scale ?? 1 / Float(queries.columns).squareRoot())
        let wide = WorkingCopy<Float>(output)
        product.run(into: try HeadMatrices(wide.tensor, heads: heads), pool: context.pool)
        wide.finish()
        return [.tensor(output)] + present
    }

    /// Queries, keys and values side by side, [batch, sequence, elements], and how many elements are whose.
    private func project(_ context: EvaluationContext) throws -> (tensor: Tensor, sizes: [Int]) {
        let (input, weights) = (try context.tensor(0), try context.tensor(1))
        let bias = try context.optionalTensor(2)
        guard input.shape.rank == 3, weights.shape.rank == 2, input.shape[2] == weights.shape[0],
            input.dtype == weights.dtype, [.float32, .float16].contains(input.dtype),
            bias == nil || bias?.shape == [weights.shape[1]] && bias?.dtype == input.dtype
        else {
            throw QTuneError(
                .invalidInput, "attention of \(input.dtype)\(input.shape) with weights \(weights.dtype)\(weights.shape)"
            )
        }
        let width = weights.shape[1]
        let sizes = hiddenSizes ?? [Int](repeating: width / 3, count: 3)
        guard sizes.reduce(0, +) == width, sizes[0] == sizes[1],
            sizes.allSatisfy({ $0 > 0 && $0 % heads == 0 })
        else {
            throw QTuneError(
                .invalidInput, "weights of \(weights.shape) do not divide into \(heads) heads of three parts")
        }
        let shape = try checkedShape([input.shape[0], input.shape[1], width], operand: "the projections")
        try MemoryLimit.check(.float32, shape)
        let projected = Tensor(uninitialized: .float32, shape: shape)
        if let packed {
            packed.matrix.run(input.widened(), into: projected, pool: context.pool)
        } else {
            QTuneKernels.Gemm.multiply(
                m: input.shape[0] * input.shape[1], n: width, k: input.shape[2], a: input.widened(),
                b: weights.widened(),
                c: projected, pool: context.pool)
        }
        if let bias, packed?.hasBias != true, projected.count > 0 {
            Elementwise.binary(.add, projected, bias.widened(), into: projected, pool: context.pool)
        }
        return (projected, sizes)
    }
}

/// Keys and values of the sequence so far: those of a cache with the new ones behind them.
private struct KeyValueCache {
    let keys: HeadMatrices
    let values: HeadMatrices
    /// Keys that were there before.
    let length: Int
    /// Both as [2, batch, heads, sequence, size]; nil where nobody asked and nothing was there.
    private let joined: Tensor?

    /// - Parameter past: [2, batch, heads, sequence, size].
    init(_ past: Tensor?, _ newKeys: HeadMatrices, _ newValues: HeadMatrices, isWanted: Bool) throws {
        guard past != nil || isWanted else {
            (keys, values, length, joined) = (newKeys, newValues, 0, nil)
            return
        }
        let length = past.map { $0.shape.rank == 5 ? $0.shape[3] : 0 } ?? 0
        let old: Shape = [2, newKeys.batches, newKeys.heads, length, newKeys.columns]
        guard past == nil || past?.shape == old, newKeys.columns == newValues.columns else {
            throw QTuneError(.invalidInput, "a cache of \(past?.shape ?? []) for keys \(newKeys.text)")
        }
        let half = try checkedShape(
            [newKeys.batches, newKeys.heads, length + newKeys.rows, newKeys.columns], operand: "the cache")
        try MemoryLimit.check(.float32, half)
        let joined = Tensor(uninitialized: .float32, shape: Shape([2] + half.dimensions))
        if let past = past?.widened() {
            StridedCopy.copy(
                old.dimensions, from: past, StridedView(strides: old.strides), to: joined,
                StridedView(strides: joined.shape.strides))
        }
        newKeys.copy(into: joined, half: 0, from: length)
        newValues.copy(into: joined, half: 1, from: length)
        self.length = length
        self.joined = joined
        keys = HeadMatrices(half: 0, of: joined)
        values = HeadMatrices(half: 1, of: joined)
    }

    /// Keys and values as output `index`.
    func present(_ index: Int, _ dtype: DType, in context: EvaluationContext) throws -> Tensor {
        guard let joined else { throw QTuneError(.internalError, "a cache that nobody asked for") }
        let output = try context.makeOutput(index, dtype, joined.shape)
        joined.narrow(into: output)
        return output
    }
}
