import QTuneGraph
import QTuneOperators
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Checks that optimizing a model leaves its results as they are: int8 results exactly, float32 results within
/// `tolerance` of the largest. Runs twice, so that the planned memory is used too. Gives the optimized session.
@discardableResult
func expectSameResults(
    _ model: Model, _ feeds: [String: Tensor], taps: [String] = [], tolerance: Float = 1e-5, steps: Int = 0,
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> Session {
    let plain = try Session(model, options: SessionOptions(optimizes: false, taps: taps))
    let optimized = try Session(model, options: SessionOptions(taps: taps))
    let expected = try plain.run(feeds)
    for round in 0..<3 {
        let results = try optimized.run(feeds)
        #expect(results.keys.sorted() == expected.keys.sorted(), sourceLocation: sourceLocation)
        for (name, tensor) in expected {
            let found = try #require(results[name], sourceLocation: sourceLocation)
            #expect(found.shape == tensor.shape, "\(name)", sourceLocation: sourceLocation)
            #expect(found.dtype == tensor.dtype, "\(name)", sourceLocation: sourceLocation)
            guard found.shape == tensor.shape, found.dtype == tensor.dtype else { continue }
            let distance = largestDistance(found, tensor)
            let allowed = tensor.dtype == .float32 ? tolerance * max(1, largest(tensor)) : Float(steps)
            #expect(distance <= allowed, "\(name) in run \(round)", sourceLocation: sourceLocation)
        }
    }
    return optimized
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
