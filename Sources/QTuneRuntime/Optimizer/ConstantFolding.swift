internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Computes nodes whose operands are constant, with the executor that runs whole networks.
struct ConstantFolding: Pass {
    let name = "fold-constants"
    let purpose: String
    /// Operators that stay although their operands are constant, because a later pass looks for them.
    var keeping: Set<String> = []

    /// Bytes by which the results of one node may exceed its operands.
    var growthBudget = 1 << 20

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], !keeping.contains(node.opType) else { continue }
            if let tensor = inferredResult(node, rewriting) {
                replace(id, node, by: [tensor], &rewriting)
            } else if node.dependencies.allSatisfy({ rewriting.editor.constant($0) != nil }) {
                fold(id, node, &rewriting)
            }
        }
    }

    /// The result where inference knows it: arithmetic on shapes that are fixed.
    private func inferredResult(_ node: Node, _ rewriting: Rewriting) -> Tensor? {
        guard node.outputs.count == 1, let output = node.outputs.first else { return nil }
        let value = rewriting.value(output)
        if let constant = value.constant { return constant }
        guard let integers = value.integers, let shape = value.type?.shape, shape.elementCount == integers.count else {
            return nil
        }
        switch value.dtype {
        case .int64: return Tensor(integers.map(Int64.init), shape: shape)
        case .int32:
            let narrow = integers.compactMap { Int32(exactly: $0) }
            return narrow.count == integers.count ? Tensor(narrow, shape: shape) : nil
        default: return nil
        }
    }

    private func fold(_ id: GraphEditor.NodeID, _ node: Node, _ rewriting: inout Rewriting) {
        do {
            let made = try rewriting.registry.make(node, opsets: rewriting.opsets)
            guard made.isDeterministic else { return rewriting.refuse(node, "its results differ from run to run") }
            let results = try evaluate(node, rewriting)
            let tensors = results.compactMap(\.tensor)
            guard tensors.count == results.count else { return rewriting.refuse(node, "a result is not a tensor") }
            let operands = node.dependencies.compactMap { rewriting.editor.constant($0)?.byteCount }.reduce(0, +)
            guard tensors.reduce(0, { $0 + $1.byteCount }) <= operands + growthBudget else {
                return rewriting.refuse(node, "its results take far more memory than its operands")
            }
            replace(id, node, by: tensors, &rewriting)
        } catch {
            rewriting.refuse(node, "\(error)")
        }
    }

    private func evaluate(_ node: Node, _ rewriting: Rewriting) throws -> [Value] {
        let outputs = node.outputs.filter { !$0.isEmpty }
        var constants: [String: Tensor] = [:]
        for name in node.dependencies { constants[name] = rewriting.editor.constant(name) }
        let graph = Graph(outputs: outputs.map { ValueInfo($0) }, initializers: constants, nodes: [node])
        let program = try Program(graph, opsets: rewriting.opsets, registry: rewriting.registry)
        return try Executor(pool: ThreadPool(threads: 1)).run(program, feeds: [:])
    }

    private func replace(
        _ id: GraphEditor.NodeID, _ node: Node, by tensors: [Tensor], _ rewriting: inout Rewriting
    ) {
        rewriting.editor.remove(id)
        for (name, tensor) in zip(node.outputs.filter { !$0.isEmpty }, tensors) {
            rewriting.editor.graph.initializers[name] = tensor
        }
        rewriting.matched(node)
    }
}
