internal import ArgumentParser
internal import QTune

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what a network consists of: inputs, outputs, operators, weights.")

    @OptionGroup var model: ModelArgument
    @Flag(help: "Show what each pass of the optimizer does, and why it refuses.")
    var passes = false
    @Flag(help: "List the nodes with the types of their results.")
    var nodes = false
    @Flag(help: "Print JSON.")
    var json = false

    private struct Summary: Encodable {
        struct Operand: Encodable {
            let name: String
            let type: String
        }
        struct Count: Encodable {
            let `operator`: String
            let count: Int
            let supported: Bool
        }
        struct NodeLine: Encodable {
            let name: String
            let `operator`: String
            let inputs: [String]
            let outputs: [Operand]
        }
        var file: String
        var bytes: Int
        var irVersion: Int
        var opsets: [String: Int]
        var producer: String
        var inputs: [Operand]
        var outputs: [Operand]
        var parameters: Int
        var operators: [Count]
        var quantizationGroups: [String]
        var nodes: [NodeLine]?
        var passes: [PassReport]?
    }

    func run() throws {
        let summary = try summarize()
        if json { return try Console.print(json: summary) }
        Console.print([
            "file        \(summary.file), \(summary.bytes) bytes",
            "format      IR \(summary.irVersion), operator sets "
                + summary.opsets.sorted { $0.key < $1.key }.map { "\($0.key.isEmpty ? "ai.onnx" : $0.key) \($0.value)" }
                .joined(separator: ", "),
            "producer    \(summary.producer)",
        ])
        Console.print(summary.inputs.map { "input       \($0.name)  \($0.type)" })
        Console.print(summary.outputs.map { "output      \($0.name)  \($0.type)" })
        Console.print(["parameters  \(summary.parameters)", ""])
        var operators = TextTable([("operator", .left), ("nodes", .right), ("", .left)])
        for count in summary.operators {
            operators.add([count.operator, "\(count.count)", count.supported ? "" : "not supported"])
        }
        Console.print(operators.lines)
        if !summary.quantizationGroups.isEmpty {
            Console.print(["", "quantization groups"] + summary.quantizationGroups.map { "  \($0)" })
        }
        printNodes(summary.nodes ?? [])
        printPasses(summary.passes ?? [])
    }

    private func printNodes(_ nodes: [Summary.NodeLine]) {
        guard !nodes.isEmpty else { return }
        var table = TextTable([("node", .left), ("operator", .left), ("result", .left), ("type", .left)])
        for node in nodes {
            for (index, output) in node.outputs.enumerated() {
                table.add([index == 0 ? node.name : "", index == 0 ? node.operator : "", output.name, output.type])
            }
        }
        Console.print([""] + table.lines)
    }

    private func printPasses(_ reports: [PassReport]) {
        for (index, report) in reports.enumerated() {
            Console.print(["", "\(index + 1). \(report.name): \(report.purpose)"])
            if report.matches.isEmpty && report.refusals.isEmpty { Console.print("   nothing to do") }
            Console.print(report.matches.map { "   + \($0)" })
            Console.print(report.refusals.map { "   - \($0.node): \($0.reason)" })
        }
    }

    private func summarize() throws -> Summary {
        let network = try model.read()
        return try model.located { try summarize(network) }
    }

    private func summarize(_ network: Model) throws -> Summary {
        let graph = network.graph
        let types = try ShapeInference.infer(network)
        func operand(_ name: String, _ declared: ValueType?) -> Summary.Operand {
            Summary.Operand(name: name, type: (types[name]?.type ?? declared)?.description ?? "?")
        }
        var counts: [String: (count: Int, supported: Bool)] = [:]
        for node in graph.nodes {
            let known =
                (try? OperatorRegistry.standard.make(node, opsets: network.opsets)) != nil || network.defines(node)
            let old = counts[node.qualifiedType] ?? (0, true)
            counts[node.qualifiedType] = (old.count + 1, old.supported && known)
        }
        return Summary(
            file: model.model, bytes: try model.fileSize(), irVersion: network.irVersion, opsets: network.opsets,
            producer: "\(network.producerName) \(network.producerVersion)",
            inputs: graph.requiredInputs.map { operand($0.name, $0.type) },
            outputs: graph.outputs.map { operand($0.name, $0.type) },
            parameters: graph.initializers.values.reduce(0) { $0 + $1.count },
            operators: counts.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
                .map { Summary.Count(operator: $0.key, count: $0.value.count, supported: $0.value.supported) },
            quantizationGroups: (try? QuantizationGroups.find(Preparation.prepare(network).model).map(\.name)) ?? [],
            nodes: nodes
                ? graph.nodes.map { node in
                    Summary.NodeLine(
                        name: node.label, operator: node.qualifiedType, inputs: node.inputs,
                        outputs: node.outputs.map { operand($0, graph.valueInfo[$0]?.type) })
                } : nil,
            passes: passes ? try Session(network).passReports : nil)
    }
}

extension Model {
    /// Whether the model itself defines the node's operator.
    fileprivate func defines(_ node: Node) -> Bool {
        functions.contains { $0.name == node.opType && $0.domain == node.domain }
    }
}
