internal import QTuneGraph
internal import QTuneKernels
package import QTuneOperators
package import QTuneTensor

/// How far a real number may be from the one it should be.
package struct Tolerance: Sendable {
    package let relative: Double
    package let absolute: Double

    package init(relative: Double = 1e-3, absolute: Double = 1e-7) {
        self.relative = relative
        self.absolute = absolute
    }

    func allows(_ actual: Double, for expected: Double) -> Bool {
        if actual == expected || actual.isNaN && expected.isNaN { return true }
        // An infinite allowance would let every number pass.
        return actual.isFinite && expected.isFinite && abs(actual - expected) <= absolute + relative * abs(expected)
    }
}

/// What is wrong with `actual` where `expected` was due; nil where nothing is.
/// - Parameter tolerance: nil where only the type and the shape can be compared.
package func difference(_ actual: Value, _ expected: Value, _ tolerance: Tolerance?) throws -> String? {
    switch (actual, expected) {
    case (.tensor(let actual), .tensor(let expected)): return try difference(actual, expected, tolerance)
    case (.sequence(let actual), .sequence(let expected)):
        guard actual.count == expected.count else { return "\(actual.count) elements, not \(expected.count)" }
        return try zip(actual, expected).lazy.compactMap { try difference($0, $1, tolerance) }.first
    case (.optional(nil), .optional(nil)): return nil
    case (.optional(let actual?), .optional(let expected?)): return try difference(actual, expected, tolerance)
    case (.map(let keys, let values), .map(let expectedKeys, let expectedValues)):
        guard keys == expectedKeys else { return "other keys" }
        return try difference(values, expectedValues, tolerance)
    default: return "\(actual.type), not \(expected.type)"
    }
}

private func difference(_ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance?) throws -> String? {
    guard actual.dtype == expected.dtype, actual.shape == expected.shape else {
        return "\(actual.dtype)\(actual.shape), not \(expected.dtype)\(expected.shape)"
    }
    guard let tolerance, actual != expected else { return nil }
    guard let (a, b) = try (reals(actual), reals(expected)) as? ([Double], [Double]) else { return "other elements" }
    let wrong = zip(a, b).enumerated().filter { !tolerance.allows($1.0, for: $1.1) }
    guard let (index, (x, y)) = wrong.first else { return nil }
    return "\(wrong.count) of \(a.count) elements differ: element \(index) is \(x), not \(y)"
}

/// The elements as double-precision numbers; nil for types that are exact, and compared as such.
package func reals(_ tensor: Tensor) throws -> [Double]? {
    guard tensor.dtype.isFloatingPoint else { return nil }
    if tensor.dtype == .float64 { return tensor.array(of: Double.self) }
    if tensor.dtype == .float32 { return tensor.array(of: Float.self).map { Double($0) } }
    let cast = Node("Cast", inputs: ["x"], outputs: ["y"], attributes: ["to": .int(Int64(DType.float64.rawValue))])
    let context = EvaluationContext(inputs: [.tensor(tensor)], outputCount: 1, pool: ThreadPool(threads: 1))
    let result = try OperatorRegistry.standard.make(cast, opsets: ["": 25]).evaluate(context)
    return result.first?.tensor?.array(of: Double.self)
}
