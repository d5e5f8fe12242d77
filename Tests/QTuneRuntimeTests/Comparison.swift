import QTuneGraph
import QTuneOperators
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Checks that optimizing a model leaves its results as they are: int8 results exactly, float32 results within
/// `tolerance` of the largest. Runs several times, on other numbers between, so that what the first run planned is used
/// too: as the model is, and with inner values in place of its inputs and outputs. Gives the optimized session.
@discardableResult
func expectSameResults(
    _ model: Model, _ feeds: [String: Tensor], taps: [String] = [], tolerance: Float = 1e-5, steps: Int = 0,
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> Session {
    let plain = try Session(model, options: SessionOptions(optimizes: false, taps: taps))
    let optimized = try Session(model, options: SessionOptions(taps: taps))
    let inner = try Session(optimized.prepared.surrounded(), options: SessionOptions(optimizes: false))
    let expected = try plain.run(feeds)
    for (session, name) in [(optimized, "the network"), (inner, "the network inside another")] {
        for round in 0..<3 {
            let results = try session.run(feeds)
            _ = try session.run(feeds.mapValues(\.reversed))
            #expect(results.keys.sorted() == expected.keys.sorted(), sourceLocation: sourceLocation)
            for (output, tensor) in expected {
                let found = try #require(results[output], sourceLocation: sourceLocation)
                #expect(found.shape == tensor.shape, "\(output)", sourceLocation: sourceLocation)
                #expect(found.dtype == tensor.dtype, "\(output)", sourceLocation: sourceLocation)
                guard found.shape == tensor.shape, found.dtype == tensor.dtype else { continue }
                let distance = largestDistance(found, tensor)
                let allowed = tensor.dtype == .float32 ? tolerance * max(1, largest(tensor)) : Float(steps)
                #expect(distance <= allowed, "\(output) of \(name), run \(round)", sourceLocation: sourceLocation)
            }
        }
    }
    return optimized
}

extension Model {
    /// The same network between nodes that copy its inputs and its outputs.
    fileprivate func surrounded() -> Model {
        var copy = self
        let given = Set(graph.inputs.map(\.name)).subtracting(graph.initializers.keys)
        let made = Set(graph.outputs.map(\.name)).subtracting(given).subtracting(graph.initializers.keys)
        let names = given.union(made)
        copy.graph.initializers["any shape"] = Tensor([Int64]())
        copy.graph.nodes = given.sorted().map { Self.copy($0, to: "inner \($0)") }
        for var node in graph.nodes {
            node.inputs = node.inputs.map { names.contains($0) ? "inner \($0)" : $0 }
            node.outputs = node.outputs.map { names.contains($0) ? "inner \($0)" : $0 }
            copy.graph.nodes.append(node)
        }
        copy.graph.nodes += made.sorted().map { Self.copy("inner \($0)", to: $0) }
        return copy
    }

    private static func copy(_ value: String, to copy: String) -> Node {
        Node("Expand", inputs: [value, "any shape"], outputs: [copy])
    }
}

extension Tensor {
    /// The same real numbers or integers of 8 bits the other way round; other tensors as they are.
    fileprivate var reversed: Tensor {
        switch dtype {
        case .float32: Tensor(Array(array(of: Float.self).reversed()), shape: shape)
        case .uint8: Tensor(Array(array(of: UInt8.self).reversed()), shape: shape)
        case .int8: Tensor(Array(array(of: Int8.self).reversed()), shape: shape)
        default: self
        }
    }
}

private func numbers(_ tensor: Tensor) -> [Float] {
    tensor.dtype == .float32 ? tensor.array(of: Float.self) : (tensor.integers ?? []).map { Float($0) }
}

private func largest(_ tensor: Tensor) -> Float { numbers(tensor).filter(\.isFinite).map { abs($0) }.max() ?? 0 }

/// Infinite where only one of two numbers is NaN.
private func largestDistance(_ a: Tensor, _ b: Tensor) -> Float {
    zip(numbers(a), numbers(b)).map { a, b in
        if a == b || a.isNaN && b.isNaN { return 0 }
        return a.isNaN || b.isNaN ? .infinity : abs(a - b)
    }.max() ?? 0
}

extension Session {
    /// How often each operator stands in the optimized graph.
    var operatorCounts: [String: Int] {
        Dictionary(prepared.graph.nodes.map { ($0.qualifiedType, 1) }, uniquingKeysWith: +)
    }

    func report(_ name: String) -> PassReport? { passReports.first { $0.name == name } }
}
