public import QTuneTensor

/// A computation: nodes in topological order over named values.
///
/// A value type. Weights are shared by reference, so copies are cheap. Code that rewrites a graph goes through
/// `GraphEditor`, which keeps the order and the names right.
public struct Graph: Sendable, Equatable {
    public var name: String
    /// Operands that the caller gives. An old model may list its initializers here too; `requiredInputs` leaves them
    /// out.
    public var inputs: [ValueInfo]
    public var outputs: [ValueInfo]
    /// Constants by name.
    public var initializers: [String: Tensor]
    public var sparseInitializers: [String: SparseTensor]
    public package(set) var nodes: [Node]
    /// What the model says of the types of its inner values. The engine infers its own.
    public var valueInfo: [String: ValueInfo]
    public var documentation: String
    public var metadata: [String: String]
    /// `quantization_annotation` of the standard: for each tensor, named parameter tensors.
    public var quantizationAnnotations: [String: [String: String]]
    /// What a file says of initializers besides their values (documentation, metadata), by the initializer's name.
    public var initializerNotes: [String: UninterpretedFields] = [:]
    public var uninterpreted = UninterpretedFields()

    /// A graph of nodes that are in topological order.
    public init(
        name: String = "", inputs: [ValueInfo] = [], outputs: [ValueInfo] = [], initializers: [String: Tensor] = [:],
        nodes: [Node] = []
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.initializers = initializers
        self.sparseInitializers = [:]
        self.nodes = nodes
        self.valueInfo = [:]
        self.documentation = ""
        self.metadata = [:]
        self.quantizationAnnotations = [:]
    }

    /// Inputs without a default value, which a caller must give.
    public var requiredInputs: [ValueInfo] { inputs.filter { initializers[$0.name] == nil } }

    /// Names that are used inside (sub-graphs included) and neither made nor given here: they come from outside.
    public var capturedValues: [String] {
        var known = Set(inputs.map(\.name)).union(initializers.keys).union(sparseInitializers.keys)
        var captured: [String] = []
        var seen: Set<String> = []
        func use(_ name: String) {
            if !name.isEmpty, !known.contains(name), seen.insert(name).inserted { captured.append(name) }
        }
        for node in nodes {
            node.dependencies.forEach(use)
            known.formUnion(node.outputs)
        }
        outputs.map(\.name).forEach(use)
        return captured
    }
}

/// A named value with its type, as graphs declare them.
public struct ValueInfo: Sendable, Hashable {
    public var name: String
    public var type: ValueType?
    public var documentation: String
    public var metadata: [String: String]
    /// What the value means (`IMAGE`, for example), by the standard's list of type denotations.
    public var denotation: String = ""
    /// What each axis means (`DATA_BATCH`, for example), "" for an axis of which nothing is said; empty when nothing is
    /// said at all.
    public var axisDenotations: [String] = []
    public var uninterpreted = UninterpretedFields()

    public init(_ name: String, _ type: ValueType? = nil) {
        self.name = name
        self.type = type
        self.documentation = ""
        self.metadata = [:]
    }
}
