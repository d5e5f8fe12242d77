/// One operation of a graph. Values are referred to by name; an empty name is an operand left out.
public struct Node: Sendable, Equatable {
    /// The name, unique in its graph when not empty.
    public var name: String
    public var opType: String
    /// The operator set; empty for the standard's own.
    public var domain: String
    /// Tells functions of one name apart; mostly empty.
    public var overload: String
    public var inputs: [String]
    public var outputs: [String]
    public var attributes: [String: Attribute]
    public var documentation: String
    public var metadata: [String: String]
    /// Device configurations, and what newer versions of the standard add.
    public var uninterpreted = UninterpretedFields()

    public init(
        _ opType: String, domain: String = "", name: String = "", inputs: [String], outputs: [String],
        attributes: [String: Attribute] = [:]
    ) {
        self.opType = opType
        self.domain = domain == "ai.onnx" ? "" : domain
        self.name = name
        self.overload = ""
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes
        self.documentation = ""
        self.metadata = [:]
    }

    /// How messages and tables call this node: its name, or where it has none its type and first output.
    public var label: String { name.isEmpty ? "\(opType) -> \(outputs.first ?? "")" : name }

    /// The operator with its domain: `Conv`, `com.microsoft.QLinearAdd`.
    public var qualifiedType: String { domain.isEmpty ? opType : "\(domain).\(opType)" }

    /// The graphs in the node's attributes (the branches of an If, the body of a Loop).
    public var subgraphs: [Graph] {
        attributes.values.flatMap { attribute -> [Graph] in
            switch attribute {
            case .graph(let graph): [graph]
            case .graphs(let graphs): graphs
            default: []
            }
        }
    }

    /// Every value that must exist before the node runs: its operands, and what its sub-graphs take from outside.
    public var dependencies: [String] {
        inputs.filter { !$0.isEmpty } + subgraphs.flatMap { $0.capturedValues }
    }
}
