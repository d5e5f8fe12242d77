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
