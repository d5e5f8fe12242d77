internal import COnnxProto
internal import QTuneGraph
internal import QTuneTensor

/// Makes the operators that a model defines itself.
struct FunctionReader {
    let tensors: TensorReader

    /// The functions of a model, none of which uses itself, not even through others: such a model never ends.
    func functions(_ protos: [UnsafeMutablePointer<Onnx__FunctionProto>]) throws -> [Function] {
        let functions = try protos.map(function)
        var indices: [FunctionKey: Int] = [:]
        for (index, function) in functions.enumerated() {
            guard indices.updateValue(index, forKey: FunctionKey(function)) == nil else {
                throw QTuneError(.invalidModel, "the function '\(function.domain).\(function.name)' is defined twice")
            }
        }
        try checkAcyclic(functions, indices)
        return functions
    }

    private func function(_ proto: UnsafeMutablePointer<Onnx__FunctionProto>) throws -> Function {
        let message = proto.pointee
        let name = text(message.name)
        return try locating("function '\(name)'") {
            guard !name.isEmpty else { throw QTuneError(.invalidModel, "a function has no name") }
            let opsets = try ModelReader.opsets(messages(message.n_opset_import, message.opset_import))
            let inputs = texts(message.n_input, message.input)
            let given = Set(inputs)
            guard given.count == inputs.count else { throw QTuneError(.invalidModel, "two inputs have one name") }
            let reader = GraphReader(tensors: tensors, opsets: opsets)
            let nodes = try reader.nodes(messages(message.n_node, message.node), given: given, outer: nil)
            var function = Function(
                name: name, domain: text(message.domain), inputs: inputs,
                outputs: texts(message.n_output, message.output),
                nodes: nodes, opsets: opsets)
            let made = Set(nodes.flatMap(\.outputs)).union(given)
            if let output = function.outputs.first(where: { !made.contains($0) }) {
                throw QTuneError(.invalidModel, "output '\(output)' is made by no node")
            }
            function.overload = text(message.overload)
            function.attributes = texts(message.n_attribute, message.attribute)
            function.attributeDefaults = try reader.attributes(
                messages(message.n_attribute_proto, message.attribute_proto), scope: Scope([], outer: nil))
            for proto in messages(message.n_value_info, message.value_info) {
                let info = try TypeReader.valueInfo(proto)
                function.valueInfo[info.name] = info
            }
            function.documentation = text(message.doc_string)
            function.metadata = dictionary(message.n_metadata_props, message.metadata_props)
            function.uninterpreted = UninterpretedFields(unknownIn: message.base)
            return function
        }
    }

    private func checkAcyclic(_ functions: [Function], _ indices: [FunctionKey: Int]) throws {
        var callers = [[Int]](repeating: [], count: functions.count)
        var pendingCalls = [Int](repeating: 0, count: functions.count)
        for (index, function) in functions.enumerated() {
            let called = Set(function.nodes.flatMap(FunctionKey.called)).compactMap { indices[$0] }
            pendingCalls[index] = called.count
            for callee in called { callers[callee].append(index) }
        }
        var resolved = functions.indices.filter { pendingCalls[$0] == 0 }
        var count = 0
        while let index = resolved.popLast() {
            count += 1
            for caller in callers[index] {
                pendingCalls[caller] -= 1
                if pendingCalls[caller] == 0 { resolved.append(caller) }
            }
        }
        guard count < functions.count, let stuck = functions.indices.first(where: { pendingCalls[$0] > 0 }) else {
            return
        }
        throw QTuneError(.invalidModel, "the function uses itself", place: ["function '\(functions[stuck].name)'"])
    }
}

/// What tells one function, or the operator of a node, from others.
private struct FunctionKey: Hashable {
    let domain: String
    let name: String
    let overload: String

    init(_ function: Function) {
        domain = function.domain == "ai.onnx" ? "" : function.domain
        name = function.name
        overload = function.overload
    }

    private init(_ node: Node) {
        domain = node.domain
        name = node.opType
        overload = node.overload
    }

    /// The operators of a node and of the nodes inside it.
    static func called(by node: Node) -> [FunctionKey] {
        [FunctionKey(node)] + node.subgraphs.flatMap { $0.nodes.flatMap(called) }
    }
}
