package import QTuneGraph
package import QTuneTensor

/// A node as an operator reads it when it is made: attributes by name and kind, with errors that name what is wrong.
package struct NodeReader {
    package let node: Node
    /// Version of the node's operator set.
    package let opset: Int

    package init(_ node: Node, opset: Int) {
        self.node = node
        self.opset = opset
    }

    package func has(_ name: String) -> Bool { node.attributes[name] != nil }

    package func int(_ name: String) throws -> Int? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .int(let value) = attribute else { throw wrongKind(name, "an int") }
        return Int(value)
    }

    package func ints(_ name: String) throws -> [Int]? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .ints(let values) = attribute else { throw wrongKind(name, "ints") }
        return values.map { Int($0) }
    }

    package func float(_ name: String) throws -> Float? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .float(let value) = attribute else { throw wrongKind(name, "a float") }
        return value
    }

    package func floats(_ name: String) throws -> [Float]? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .floats(let values) = attribute else { throw wrongKind(name, "floats") }
        return values
    }

    package func string(_ name: String) throws -> String? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .string(let bytes) = attribute else { throw wrongKind(name, "a string") }
        return String(decoding: bytes, as: UTF8.self)
    }

    package func strings(_ name: String) throws -> [String]? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .strings(let values) = attribute else { throw wrongKind(name, "strings") }
        return values.map { String(decoding: $0, as: UTF8.self) }
    }

    package func tensor(_ name: String) throws -> Tensor? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .tensor(let tensor) = attribute else { throw wrongKind(name, "a tensor") }
        return tensor
    }

    package func graph(_ name: String) throws -> Graph? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .graph(let graph) = attribute else { throw wrongKind(name, "a graph") }
        return graph
    }

    /// An attribute that the standard demands.
    package func required<Value>(_ name: String, _ value: Value?) throws -> Value {
        guard let value else { throw QTuneError(.invalidModel, "attribute '\(name)' is missing") }
        return value
    }

    /// Checks that the node has so many operands and results.
    package func expect(inputs: ClosedRange<Int>, outputs: ClosedRange<Int> = 1...1) throws {
        guard inputs.contains(node.inputs.count), outputs.contains(node.outputs.count) else {
            throw QTuneError(
                .invalidModel,
                "\(node.opType) takes \(inputs.text) operands and gives \(outputs.text) results, "
                    + "not \(node.inputs.count) and \(node.outputs.count)")
        }
    }

    /// Whether the node asks for that result.
    package func wantsOutput(_ index: Int) -> Bool { index < node.outputs.count && !node.outputs[index].isEmpty }

    private func wrongKind(_ name: String, _ expected: String) -> QTuneError {
        QTuneError(.invalidModel, "attribute '\(name)' is not \(expected)")
    }
}

extension ClosedRange<Int> {
    fileprivate var text: String { lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound) to \(upperBound)" }
}
