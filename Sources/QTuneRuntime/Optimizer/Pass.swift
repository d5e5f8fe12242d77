package import QTuneGraph
package import QTuneOperators
package import QTuneTensor

/// One step of the optimizer: a rewrite of a graph that keeps its results.
package protocol Pass: Sendable {
    /// A short name with hyphens.
    var name: String { get }
    /// What the pass does and why it stands where it stands.
    var purpose: String { get }
    func run(_ rewriting: inout Rewriting) throws
}

/// A graph while a pass rewrites it, with what is known of its values.
package struct Rewriting {
    package var editor: GraphEditor
    package let opsets: [String: Int]
    package let registry: OperatorRegistry
    package var report: PassReport
    /// What is known of each value of the graph as it was when the pass began, and of those the pass declared.
    private var types: [String: InferredValue]

    init(
        _ editor: GraphEditor, opsets: [String: Int], registry: OperatorRegistry, types: [String: InferredValue],
        report: PassReport
    ) {
        self.editor = editor
        self.opsets = opsets
        self.registry = registry
        self.types = types
        self.report = report
    }

    package mutating func matched(_ node: Node) { report.matches.append(node.label) }

    package mutating func refuse(_ node: Node, _ reason: String) {
        report.refusals.append(PassReport.Refusal(node: node.label, reason: reason))
    }

    /// What is known of a value.
    package func value(_ name: String) -> InferredValue {
        if let tensor = editor.constant(name) {
            return InferredValue(type: .tensor(tensor.dtype, tensor.shape), constant: tensor)
        }
        return types[name] ?? .unknown
    }

    /// Says what a value that the pass adds is like.
    package mutating func declare(_ name: String, _ value: InferredValue) { types[name] = value }

    /// The constant behind an operand; nil for other values and where the operand is left out.
    package func constant(_ node: Node, _ index: Int) -> Tensor? {
        index < node.inputs.count ? editor.constant(node.inputs[index]) : nil
    }

    /// The node that makes `value` for one user alone.
    package func soleProducer(of value: String) -> (id: GraphEditor.NodeID, node: Node)? {
        guard let id = editor.producer(of: value), let node = editor[id], editor.soleConsumer(of: value) != nil else {
            return nil
        }
        return (id, node)
    }

    /// Takes `id` away and lets everyone use `replacement` instead of its first result. Where the result is an output
    /// of the graph, the producer of `replacement` makes it under that name. Gives false, and changes nothing, where
    /// that cannot be: an input or constant, or two outputs of the graph that would be one value.
    package mutating func bypass(_ id: GraphEditor.NodeID, with replacement: String) -> Bool {
        guard let output = editor[id]?.outputs.first else { return false }
        if editor.isOutput(output) {
            guard editor.producer(of: replacement) != nil, !editor.isOutput(replacement) else { return false }
            editor.remove(id)
            editor.replaceUses(of: output, with: replacement)
            editor.provideOutput(output, from: replacement)
            types[output] = types[replacement]
        } else {
            editor.remove(id)
            editor.replaceUses(of: output, with: replacement)
        }
        return true
    }
}
