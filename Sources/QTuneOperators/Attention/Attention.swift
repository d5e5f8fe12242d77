import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Scaled dot-product attention with masks, a cache of keys and values, grouped heads, a soft cap and windows.
struct Attention: Operator {
    static let name = "Attention"
    static let versions = [23, 24, 25]

    private let attributes: AttentionAttributes
    private let wantsKey: Bool
    private let wantsValue: Bool
    private let wantsScores: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...(node.opset < 24 ? 6 : 7), outputs: 1...4)
        attributes = try AttentionAttributes(node)
        wantsKey = node.wantsOutput(1)
        wantsValue = node.wantsOutput(2)
        wantsScores = node.wantsOutput(3)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let (q, k, v) = (context[0], context[1], context[2])
        let queries = q.dimensions.flatMap { heads(of: $0, attributes.queryHeads) }
        let keys = k.dimensions.flatMap { heads(of: $0, attributes.keyHeads) }
        let values = v.dimensions.flatMap { heads(of: $0, attributes.keyHeads) }
        let total = context.has(4) ? total(context[4], keys) : keys?[2] ?? .unknown
        func present(_ matrices: [Dimension]?) -> [Dimension]? {
            matrices.map { [$0[0], $0[1], total, $0[3]] }
        }
        var output: [Dimension]?
        if let queries, let size = values?[3] {
            output =
                q.rank == 3
                ? [queries[0], queries[2], DimensionArithmetic.multiply(queries[1], size)]
                : [queries[0], queries[1], queries[2], size]
        }
        return [
            .tensor(q.dtype, output), .tensor(k.dtype, present(keys)), .tensor(v.dtype, present(values)),
            .tensor(q.dtype, queries.map { [$0[0], $0[1], $0[2], total] }),
        ]
    }

    /// [batch, heads, sequence, size] of an operand of either form.
    private func heads(of dimensions: [Dimension], _ heads: Int?) -> [Dimension]? {
        if dimensions.count == 4 { return dimensions }
        guard dimensions.count == 3, let heads, heads > 0 else { return nil }
        return [
            dimensions[0], .fixed(heads), dimensions[1], DimensionArithmetic.divide(dimensions[2], .fixed(heads)),
        ]
    }

    private func total(_ past: InferredValue, _ keys: [Dimension]?) -> Dimension {
        guard let past = past.dimensions, past.count == 4, let keys else { return .unknown }
        return DimensionArithmetic.add(past[2], keys[2])
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let operands = try AttentionOperands(context, attributes)
        let results =
            operands.isDouble
            ? try attend(Double.self, operands, context) : try attend(Float.self, operands, context)
        let present: (Bool, Tensor, Tensor) -> Value = { wanted, original, joined in
            .tensor(wanted ? joined : original)
        }
        let all = [
            .tensor(results.output), present(wantsKey, operands.key, operands.presentKey()),
            present(wantsValue, operands.value, operands.presentValue()),
            .tensor(results.scores ?? results.output),
        ]
        return Array(all.prefix(max(1, context.outputCount)))
    }

    private func attend<Element: AttentionElement>(
        _: Element.Type, _ operands: AttentionOperands, _ context: EvaluationContext
    ) throws -> (output: Tensor, scores: Tensor?) {
        let type = operands.query.dtype
        let output = try context.makeOutput(0, type, operands.outputShape)
        let scores = wantsScores ? try context.makeOutput(3, type, operands.scoresShape) : nil
        guard output.count > 0 || scores.map({ $0.count > 0 }) ?? false else { return (output, scores) }
        let rounding = FloatRounding(type) ?? .none
        let scale = attributes.scale.map(Double.init) ?? 1 / Double(operands.queryMatrices.columns).squareRoot()
        let (queries, keys, factor) = operands.scaled(Element.self, by: scale, rounding)
        var product = ScaledDotProduct<Element>(
            queries: queries, keys: keys, values: operands.valueMatrices.over(Element.elements(of: operands.values)),
            mask: try operands.mask(Element.self, attributes), scale: factor)
        product.softcap = Element(attributes.softcap)
        product.productRounding = rounding
        // A soft cap is a float32, and so are 16-bit scores from it on.
        let isNarrow = type == .float16 || type == .bfloat16
        let widens = isNarrow && attributes.softcap > 0
        product.rounding = widens ? .none : rounding
        product.softmaxType = attributes.softmaxType ?? (widens ? .float32 : type)
        product.probabilityRounding = rounding
        let (wide, wideScores) = (WorkingCopy<Element>(output), scores.map { WorkingCopy<Element>($0) })
        product.kept = wideScores.map { (attributes.keptStep, $0.tensor) }
        product.run(into: try HeadMatrices(wide.tensor, heads: queries.heads), pool: context.pool)
        wide.finish()
        wideScores?.finish()
        return (output, scores)
    }
}

/// A tensor to compute a result in: the result itself where it has the type that is computed in.
struct WorkingCopy<Element: SteppedFloat> {
    let tensor: Tensor
    private let result: Tensor

    init(_ result: Tensor) {
        self.result = result
        tensor = result.dtype == Element.dtype ? result : Tensor(uninitialized: Element.dtype, shape: result.shape)
    }

    /// A tensor of `Element` as one of another float type, rounded.
    static func narrowed(_ tensor: Tensor, to dtype: DType) -> Tensor {
        guard dtype != Element.dtype else { return tensor }
        let result = Tensor(uninitialized: dtype, shape: tensor.shape)
        Element.narrow(tensor, into: result)
        return result
    }

    /// Writes the result, rounded, where it is another tensor.
    func finish() {
        if result.dtype != Element.dtype { Element.narrow(tensor, into: result) }
    }
}
