public import QTuneGraph
internal import QTuneTensor

/// Makes quantized models out of one float model: statistics and weights are prepared once, recipes are cheap.
public struct Quantizer: Sendable {
    /// The prepared float model.
    public let model: Model
    /// What can be quantized, in the order in which it runs.
    public let groups: [QuantizationGroup]
    let structure: GraphStructure
    let ranges: RangeCache
    let weights = WeightCache()

    /// - Parameters:
    ///   - model: A prepared model; see `Preparation`.
    ///   - statistics: What calibration saw of that same model. May be empty for the dynamic format.
    public init(_ model: Model, statistics: Statistics) {
        self.model = model
        structure = GraphStructure(model)
        groups = QuantizationGroups.find(model)
        ranges = RangeCache(statistics)
    }

    /// The model as `recipe` wants it. The same arguments give the same result; untouched weights are shared with the
    /// float model.
    public func quantize(_ recipe: Recipe) throws -> QuantizedModel {
        try recipe.validate(groups: groups.map(\.name))
        switch recipe.format {
        case .qdq:
            let plan = QuantizationPlan(structure, ranges: ranges, recipe: recipe)
            var rewriter = QDQRewriter(model, plan: plan, ranges: ranges, weights: weights)
            return try rewriter.rewrite()
        case .dynamic:
            var rewriter = DynamicRewriter(model, structure: structure, recipe: recipe, weights: weights)
            return try rewriter.rewrite()
        }
    }
}

/// A quantized model with what is worth knowing about it.
public struct QuantizedModel: Sendable {
    public var model: Model
    /// The quantized activations by their names in the float model.
    public var tensors: [String: QuantizedTensor]
    /// What was done otherwise than the recipe asked.
    public var notes: [QuantizationNote]

    /// Where the quantized form of an activation is.
    public struct QuantizedTensor: Sendable, Equatable {
        /// The value before QuantizeLinear.
        public var before: String
        /// The value after DequantizeLinear.
        public var after: String
    }
}
