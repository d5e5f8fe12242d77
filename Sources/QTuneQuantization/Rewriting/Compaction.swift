public import QTuneGraph
internal import QTuneTensor

/// Makes a model's file small without changing what it computes.
public enum Compaction {
    /// The model with short names for inner values and constants, no names for nodes, nothing that only documents, and
    /// equal constants stored once. Names of inputs and outputs stay.
    public static func compact(_ model: Model) -> Model {
        guard model.graph.nodes.allSatisfy({ $0.subgraphs.isEmpty }), model.functions.isEmpty else { return model }
        var compacted = model
        let graph = model.graph
        let merged = mergedConstants(graph)
        var names = ShortNames(reserved: Set((graph.inputs + graph.outputs).map(\.name)))
        for node in graph.nodes {
            for operand in node.inputs where !operand.isEmpty { names.assign(merged[operand] ?? operand) }
            for result in node.outputs where !result.isEmpty { names.assign(result) }
        }
        compacted.graph.nodes = graph.nodes.map { node in
            var short = node
            short.name = ""
            short.documentation = ""
            short.metadata = [:]
            short.inputs = node.inputs.map { $0.isEmpty ? "" : names[merged[$0] ?? $0] }
            short.outputs = node.outputs.map { $0.isEmpty ? "" : names[$0] }
            return short
        }
        compacted.graph.initializers = [:]
        for (name, tensor) in graph.initializers where merged[name] == nil && names.knows(name) {
            compacted.graph.initializers[names[name]] = tensor
        }
        compacted.graph.valueInfo = [:]
        compacted.graph.documentation = ""
        compacted.graph.metadata = [:]
        compacted.graph.quantizationAnnotations = [:]
        compacted.documentation = ""
        compacted.metadata = [:]
        let domains = Set(graph.nodes.map(\.domain))
        compacted.opsets = model.opsets.filter { $0.key.isEmpty || domains.contains($0.key) }
        return compacted
    }

    /// For each constant that equals another one, the name of that other.
    private static func mergedConstants(_ graph: Graph) -> [String: String] {
        struct Kind: Hashable {
            var dtype: DType
            var shape: Shape
        }
        let fixed = Set((graph.inputs + graph.outputs).map(\.name))
        var seen: [Kind: [String]] = [:]
        var merged: [String: String] = [:]
        for name in graph.initializers.keys.sorted() where !fixed.contains(name) {
            guard let tensor = graph.initializers[name] else { continue }
            let kind = Kind(dtype: tensor.dtype, shape: tensor.shape)
            if let twin = seen[kind]?.first(where: { graph.initializers[$0] == tensor }) {
                merged[name] = twin
            } else {
                seen[kind, default: []].append(name)
            }
        }
        return merged
    }
}

/// Names of one, two, three characters, in order of first use.
private struct ShortNames {
    private var short: [String: String] = [:]
    private let reserved: Set<String>
    private var counter = 0

    init(reserved: Set<String>) { self.reserved = reserved }

    /// Reserved names stand for themselves; so does what was never assigned.
    subscript(name: String) -> String { short[name] ?? name }

    func knows(_ name: String) -> Bool { short[name] != nil || reserved.contains(name) }

    mutating func assign(_ name: String) {
        guard short[name] == nil, !reserved.contains(name) else { return }
        var candidate = Self.text(counter)
        counter += 1
        while reserved.contains(candidate) {
            candidate = Self.text(counter)
            counter += 1
        }
        short[name] = candidate
    }

    private static let digits = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

    private static func text(_ number: Int) -> String {
        var rest = number
        var text = ""
        repeat {
            text.append(digits[rest % digits.count])
            rest = rest / digits.count - 1
        } while rest >= 0
        return text
    }
}
