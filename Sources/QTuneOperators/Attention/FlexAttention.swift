import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Scaled dot-product attention whose scores and probabilities sub-graphs may change.
struct FlexAttention: Operator {
    static let name = "FlexAttention"
    static let domain = "ai.onnx.preview"
    static let versions = [1]

    private let scale: Float?
    private let softmaxType: DType?
    private let scoreGraph: Graph?
    private let probabilityGraph: Graph?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...3)
        scale = try node.float("scale")
        softmaxType = try AttentionAttributes.softmaxType(node)
        scoreGraph = try node.graph("score_mod")
        probabilityGraph = try node.graph("prob_mod")
        for graph in [scoreGraph, probabilityGraph] {
            guard let graph else { continue }
            guard graph.inputs.count == 1, graph.outputs.count == 1 else {
                throw QTuneError(.invalidModel, "a sub-graph takes one tensor and gives one")
            }
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        var output: [Dimension]?
        if let queries = context[0].dimensions, let values = context[2].dimensions {
            guard queries.count == 4, values.count == 4 else {
                throw QTuneError(.invalidModel, "attention of \(queries) with values \(values), not of 4 axes")
            }
            output = [queries[0], queries[1], queries[2], values[3]]
        }
        return [.tensor(context[0].dtype, output)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (query, key, value) = (try context.tensor(0), try context.tensor(1), try context.tensor(2))
        guard query.shape.rank == 4, key.shape.rank == 4, value.shape.rank == 4, query.dtype == key.dtype,
            key.dtype == value.dtype, FloatRounding(query.dtype) != nil
        else {
            throw QTuneError(
                .invalidInput,
                "queries \(query.dtype)\(query.shape), keys \(key.dtype)\(key.shape) and values "
                    + "\(value.dtype)\(value.shape) do not go together")
        }
        let type = softmaxType ?? (query.dtype == .float64 ? .float64 : .float32)
        let isDouble = query.dtype == .float64 || type == .float64
        return [
            .tensor(
                isDouble
                    ? try attend(Double.self, query, key, value, type, context)
                    : try attend(Float.self, query, key, value, type, context))
        ]
    }

    private func attend<Element: AttentionElement>(
        _: Element.Type, _ query: Tensor, _ key: Tensor, _ value: Tensor, _ type: DType, _ context: EvaluationContext
    ) throws -> Tensor {
        let operands = try AttentionOperands(query: query, key: key, value: value)
        let output = try context.makeOutput(0, query.dtype, operands.outputShape)
        guard output.count > 0 else { return output }
        let rounding = FloatRounding(query.dtype) ?? .none
        let scale = scale.map(Double.init) ?? 1 / Double(query.shape[3]).squareRoot()
        let (queries, keys, factor) = operands.scaled(Element.self, by: scale, rounding)
        let probabilityRounding = FloatRounding(type) ?? .none
        let values = Element.elements(of: value).rounded(Element.self, by: probabilityRounding)
        var product = ScaledDotProduct<Element>(
            queries: queries, keys: keys, values: operands.valueMatrices.over(values),
            mask: AttentionMask(batches: queries.batches, keys: keys.rows), scale: factor)
        // Products of bfloat16 are float32 until the softmax, those of float16 are float16.
        product.productRounding = rounding == .bfloat16 ? .none : rounding
        product.softmaxType = type
        product.probabilityRounding = probabilityRounding
        let wide = WorkingCopy<Element>(output)
        let target = try HeadMatrices(wide.tensor, heads: nil)
        if scoreGraph == nil, probabilityGraph == nil {
            product.run(into: target, pool: context.pool)
        } else {
            try MemoryLimit.check(Element.dtype, operands.scoresShape)
            var scores = Tensor(uninitialized: Element.dtype, shape: operands.scoresShape)
            product.multiplyKeys(into: scores, pool: context.pool)
            scores = try change(Element.self, scores, by: scoreGraph, type, context)
            scores = probabilities(Element.self, of: scores, type)
            scores = try change(Element.self, scores, by: probabilityGraph, type, context)
            product.multiplyValues(scores, into: target, pool: context.pool)
        }
        wide.finish()
        return output
    }

    /// The softmax of scores, in memory of its own: a sub-graph may have given its operand or a constant back.
    private func probabilities<Element: AttentionElement>(_: Element.Type, of scores: Tensor, _ type: DType) -> Tensor {
        let result = Tensor(uninitialized: scores.dtype, shape: scores.shape)
        ElementConversion.map(scores, result) { (x: Element) in x }
        AttentionSoftmax.apply(Element.self, result, type: type)
        return result
    }

    /// What a sub-graph makes of scores, which it sees as a tensor of `type`.
    private func change<Element: AttentionElement>(
        _: Element.Type, _ scores: Tensor, by graph: Graph?, _ type: DType, _ context: EvaluationContext
    ) throws -> Tensor {
        guard let graph else { return scores }
        let operand = WorkingCopy<Element>.narrowed(scores, to: type)
        let results = try context.runSubgraph(graph, [.tensor(operand)])
        guard results.count == 1, let result = results[0].tensor, result.shape == scores.shape, result.dtype == type
        else {
            throw QTuneError(
                .invalidModel, "a sub-graph of attention gives \(results.map(\.type)), not \(type)\(scores.shape)")
        }
        return Element.elements(of: result)
    }
}
