internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Tables of functions of 8-bit integers, computed by running the nodes themselves on all 256 of them.
enum IntegerTable {
    static func lookup(
        _ node: Node, _ quantizer: Quantizer, _ rewriting: Rewriting
    ) -> Result<Node, IntegerRefusal> {
        guard let x = rewriting.quantized(node.inputs[0]), node.outputs.count == 1 else {
            return .failure(.init("its operand is not dequantized from 8 bits with one scale"))
        }
        guard node.inputs.dropFirst().allSatisfy({ $0.isEmpty || rewriting.editor.constant($0)?.count == 1 }) else {
            return .failure(.init("a parameter is not one constant number"))
        }
        guard let table = try? compute(node, x, quantizer, rewriting), table.count == 256 else {
            return .failure(.init("its table could not be computed"))
        }
        return .success(
            Node(
                QuantizedLookup.name, domain: "qtune", name: node.name, inputs: [x.integers], outputs: [],
                attributes: ["table": .tensor(table)]))
    }

    /// Results in the order of the integers' bytes.
    private static func compute(
        _ node: Node, _ x: QuantizedValue, _ quantizer: Quantizer, _ rewriting: Rewriting
    ) throws -> Tensor? {
        let bytes = (0..<256).map { UInt8($0) }
        let reals = bytes.map { byte in
            let integer = x.parameters.dtype == .uint8 ? Int32(byte) : Int32(Int8(bitPattern: byte))
            return Float(integer - x.parameters.zeroPoints[0]) * x.parameters.scales[0]
        }
        var constants: [String: Tensor] = ["x": Tensor(reals)]
        for name in node.inputs.dropFirst() where !name.isEmpty { constants[name] = rewriting.editor.constant(name) }
        var function = node
        function.inputs[0] = "x"
        function.outputs = ["y"]
        let graph = Graph(outputs: [ValueInfo("y")], initializers: constants, nodes: [function])
        let program = try Program(graph, opsets: rewriting.opsets, registry: rewriting.registry)
        let results = try Executor(pool: ThreadPool(threads: 1)).run(program, feeds: [:])
        guard let tensor = results.first?.tensor, tensor.dtype == .float32 else { return nil }
        let integers = tensor.array(of: Float.self).map { value in
            let integer = quantizer.parameters.integer(value)
            return quantizer.clamp.map { min(max(integer, $0.lowerBound), $0.upperBound) } ?? integer
        }
        return quantizer.parameters.dtype == .uint8
            ? Tensor(integers.map { UInt8(clamping: $0) }) : Tensor(integers.map { Int8(clamping: $0) })
    }
}
