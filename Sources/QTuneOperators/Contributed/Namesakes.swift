import QTuneGraph
import QTuneTensor

/// An operator of the domain `com.microsoft` that does what the standard's operator of its name does.
protocol Namesake: Operator {
    associatedtype Standard: Operator
    var standard: Standard { get }
    init(standard: Standard)
}

extension Namesake {
    static var name: String { Standard.name }
    static var domain: String { "com.microsoft" }
    static var versions: [Int] { [1] }

    init(_ node: NodeReader) throws { self.init(standard: try Standard(NodeReader(node.node, opset: 21))) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { try standard.inferOutputs(context) }
    func evaluate(_ context: EvaluationContext) throws -> [Value] { try standard.evaluate(context) }
}

/// Came before the standard's operator took 16 and 4 bits.
struct ContributedQuantizeLinear: Namesake { let standard: QuantizeLinear }

/// Came before the standard's operator took 16 and 4 bits.
struct ContributedDequantizeLinear: Namesake { let standard: DequantizeLinear }

struct ContributedGatherND: Namesake { let standard: GatherND }

struct ContributedTrilu: Namesake { let standard: Trilu }

/// A QLinearConv whose images may have their channels last: [batch, spatial..., channels].
struct ContributedQLinearConv: Operator {
    static let name = "QLinearConv"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let convolution: QLinearConv
    private let channelsLast: Bool

    init(_ node: NodeReader) throws {
        convolution = try QLinearConv(NodeReader(node.node, opset: 21))
        channelsLast = try node.int("channels_last") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard channelsLast else { return try convolution.inferOutputs(context) }
        var inputs = context.inputs
        if !inputs.isEmpty { inputs[0] = .tensor(context[0].dtype, context[0].dimensions?.channelsFirst) }
        return try convolution.inferOutputs(InferenceContext(inputs: inputs, outputCount: 1)).map {
            .tensor($0.dtype, $0.dimensions?.channelsLast)
        }
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        guard channelsLast else { return try convolution.evaluate(context) }
        let image = try context.tensor(0)
        let axes = Array(0..<image.shape.rank)
        func transposed(_ value: Value, _ axes: [Int], _ context: EvaluationContext) throws -> [Value] {
            try Transpose.inner(["perm": .ints(axes.map { Int64($0) })]).evaluate(context.with(inputs: [value]))
        }
        let inner = EvaluationContext(inputs: [], outputCount: 1, pool: context.pool)
        let planes = try transposed(.tensor(image), axes.channelsFirst, inner)
        let results = try convolution.evaluate(inner.with(inputs: planes + context.inputs.dropFirst()))
        return try results.flatMap { try transposed($0, axes.channelsLast, context) }
    }
}
