internal import QTuneGraph
internal import QTuneTensor

/// What quantization makes of one node.
enum NodeRole: Equatable {
    /// A product of an activation with constant weights.
    case weighted(WeightedOperands)
    /// Operands and result have scales of their own.
    case arithmetic(operands: [Int])
    /// All operands and the result have one scale.
    case sharing(operands: [Int])
    /// The result has the first operand's values in another arrangement, hence its scale.
    case passThrough
    /// Rows of a constant table, which stand along `axis`.
    case lookup(axis: Int)
    /// Cuts values off. Quantizing what it gives does the same where the range ends at its bounds.
    case clamp(lower: Float, upper: Float)
    /// Is not quantized.
    case float
}

/// Where a weighted node keeps its operands.
struct WeightedOperands: Equatable {
    var data = 0
    var weights = 1
    /// nil where the node has none, or one that cannot become int32.
    var bias: Int?
    /// The axis of the weights along which output channels run; nil where one scale must do for all.
    var channelAxis: Int?
    /// Whether the sum is exact in int32 when a bias of the accumulator's scale is added.
    var isMatrixProduct: Bool
}

/// The knowledge of how to quantize a few related operators. One type, one file; a new one is one line in `all`.
protocol OperatorRule: Sendable {
    /// The operators of the standard's own set that the rule is for.
    static var operators: [String] { get }

    /// The part that `node` plays, or nil where the rule does not fit it.
    static func role(of node: Node, in context: RuleContext) -> NodeRole?
}

/// What a rule may ask about the graph round a node.
struct RuleContext {
    let graph: Graph
    let values: FloatValues
    private let overridable: Set<String>

    init(_ model: Model) {
        graph = model.graph
        values = FloatValues(model)
        overridable = Set(model.graph.inputs.map(\.name))
    }

    /// The float32 constant called `name`.
    func floatConstant(_ name: String) -> Tensor? {
        guard let tensor = constant(name), tensor.dtype == .float32 else { return nil }
        return tensor
    }

    /// The constant called `name`, if no caller can replace it.
    func constant(_ name: String) -> Tensor? { overridable.contains(name) ? nil : graph.initializers[name] }

    /// Whether `name` is a float32 value that differs from run to run.
    func isActivation(_ name: String) -> Bool {
        !name.isEmpty && graph.initializers[name] == nil && values.isFloat(name)
    }

    /// Operand `index` of `node`; empty where it is left out.
    func operand(_ index: Int, of node: Node) -> String { index < node.inputs.count ? node.inputs[index] : "" }
}

/// Every rule, looked up by operator.
enum OperatorRules {
    static let all: [any OperatorRule.Type] = [
        ConvolutionRule.self, MatrixProductRule.self, ArithmeticRule.self, ConcatRule.self, PassThroughRule.self,
        PadRule.self, GatherRule.self, ClampRule.self,
    ]

    private static let byOperator = Dictionary(
        all.flatMap { rule in rule.operators.map { ($0, rule) } }, uniquingKeysWith: { first, _ in first })

    static func role(of node: Node, in context: RuleContext) -> NodeRole {
        guard node.domain.isEmpty, node.subgraphs.isEmpty else { return .float }
        return byOperator[node.opType]?.role(of: node, in: context) ?? .float
    }
}
