/// A graph with what a model file says around it.
public struct Model: Sendable, Equatable {
    public var graph: Graph
    /// Version of the operator set for each domain; the standard's own is "".
    public var opsets: [String: Int]
    public var irVersion: Int
    public var producerName: String
    public var producerVersion: String
    public var domain: String
    public var modelVersion: Int
    public var documentation: String
    public var metadata: [String: String]
    /// Operators that the model defines itself, as graphs of others.
    public var functions: [Function]
    /// Training information, device configurations, and what newer versions of the standard add.
    public var uninterpreted = UninterpretedFields()

    public init(graph: Graph, opsets: [String: Int], irVersion: Int = 8) {
        self.graph = graph
        self.opsets = opsets
        self.irVersion = irVersion
        self.producerName = "qtune"
        self.producerVersion = ""
        self.domain = ""
        self.modelVersion = 0
        self.documentation = ""
        self.metadata = [:]
        self.functions = []
    }

    /// The version of the standard's operator set; 1 where the model does not say.
    public var opset: Int { opsets[""] ?? 1 }
}

/// An operator that a model defines itself.
public struct Function: Sendable, Equatable {
    public var name: String
    public var domain: String
    public var overload: String
    public var inputs: [String]
    public var outputs: [String]
    /// Attributes without a default value.
    public var attributes: [String]
    public var attributeDefaults: [String: Attribute]
    public var nodes: [Node]
    public var opsets: [String: Int]
    public var valueInfo: [String: ValueInfo]
    public var documentation: String
    public var metadata: [String: String]
    public var uninterpreted = UninterpretedFields()

    public init(name: String, domain: String, inputs: [String], outputs: [String], nodes: [Node], opsets: [String: Int])
    {
        self.name = name
        self.domain = domain
        self.overload = ""
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = []
        self.attributeDefaults = [:]
        self.nodes = nodes
        self.opsets = opsets
        self.valueInfo = [:]
        self.documentation = ""
        self.metadata = [:]
    }
}
