public import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// The published tool's search, for comparison: rank tensors by two signal-to-noise ratios, then exempt one node more
/// with each candidate, in that order.
///
/// The ranking sorts the ratio as if it were an error: tensors that quantization hurts least come first. It is kept as
/// published.
public struct PublishedPath: Sendable {
    /// A tensor with the two ratios that its place follows from.
    public struct RankedTensor: Sendable, Equatable, Codable {
        public var tensor: String
        /// Before against after its own quantization, in the quantized network: dB, higher is better.
        public var qdqDecibels: Double
        /// The float network against the quantized one: dB, higher is better.
        public var xmodelDecibels: Double
        /// 0.5 * minmax(xmodel) + 0.5 * minmax(qdq), between 0 and 1. The published order is descending.
        public var score: Double
    }

    /// One model on the path.
    public struct Candidate: Sendable {
        /// How many nodes of `steps` are exempt.
        public var exempted: Int
        public var model: Model
    }

    /// The float model with its nodes named.
    public let model: Model
    /// In the published order.
    public let ranking: [RankedTensor]
    /// The nodes to exempt, in order.
    public let steps: [String]
    private let statistics: Statistics

    /// Calibrates, quantizes everything and ranks.
    /// - Parameters:
    ///   - model: The model as it came, not prepared.
    ///   - source: Calibration data; the tool's defaults use the first 50 elements, and the first 30 for the ranking.
    public init(
        _ model: Model, source: any CalibrationSource, calibrationRuns: Int = 50, rankingRuns: Int = 30,
        threads: Int = 1, progress: (String) -> Void = { _ in }
    ) throws {
        let named = Preparation.namingNodes(try Self.quantizable(model))
        progress("calibrating")
        let statistics = try Calibrator.gather(
            named, source: FirstFeeds(source, limit: calibrationRuns), tensors: Self.observed(named), threads: threads)
        let quantized = try PublishedQuantizer.quantize(named, statistics: statistics, excluding: [])
        progress("comparing tensors")
        ranking = try PublishedRanking.rank(
            float: named, quantized: quantized, source: FirstFeeds(source, limit: rankingRuns), threads: threads)
        self.model = Self.declaringTypes(named)
        self.statistics = statistics
        steps = Self.steps(named.graph, ranking.map(\.tensor))
    }

    /// The model with the first `count` nodes of `steps` exempt.
    public func candidate(exempting count: Int) throws -> Model {
        try PublishedQuantizer.quantize(model, statistics: statistics, excluding: Set(steps.prefix(count)))
    }

    /// Calls `body` with every candidate in order, those left out that equal the one before, until it says false.
    public func forEachCandidate(_ body: (Candidate) throws -> Bool) throws {
        var last: Model?
        for count in 0...steps.count {
            let next = try candidate(exempting: count)
            if next == last { continue }
            last = next
            guard try body(Candidate(exempted: count, model: next)) else { return }
        }
    }

    /// The tool's files declare the type of every inner value, which counts for their size.
    private static func declaringTypes(_ model: Model) -> Model {
        var declared = model
        let outputs = Set(model.graph.outputs.map(\.name))
        let known = (try? ShapeInference.infer(model)) ?? [:]
        for value in model.graph.nodes.flatMap(\.outputs) where !outputs.contains(value) {
            guard let type = known[value]?.type else { continue }
            declared.graph.valueInfo[value] = ValueInfo(value, type)
        }
        return declared
    }

    /// Pairs of QuantizeLinear and DequantizeLinear need operator set 10; older models are converted.
    private static func quantizable(_ model: Model) throws -> Model {
        model.opset >= 11 ? model : try OpsetConversion.convert(model)
    }

    /// The float operands and results of the operators that the tool quantizes.
    private static func observed(_ model: Model) -> [String] {
        let context = RuleContext(model)
        var seen: Set<String> = []
        return model.graph.nodes.filter { PublishedMarks.operators.contains($0.opType) }
            .flatMap { $0.inputs + $0.outputs }
            .filter { context.isActivation($0) && seen.insert($0).inserted }
    }

    /// The consumers of each tensor in turn, each node once.
    private static func steps(_ graph: Graph, _ order: [String]) -> [String] {
        var consumers: [String: [String]] = [:]
        for node in graph.nodes {
            for operand in node.inputs { consumers[operand, default: []].append(node.name) }
        }
        var seen: Set<String> = []
        return order.flatMap { consumers[$0] ?? [] }.filter { seen.insert($0).inserted }
    }
}
