import QTuneGraph
import QTuneKernels
import QTuneOperators
import QTuneTensor

import func Foundation.scalbn

/// What is wrong with `actual` where `expected` was due; nil where nothing is.
func difference(
    _ actual: Value, _ expected: Value, _ tolerance: (relative: Double, absolute: Double)
) throws -> String? {
    switch (actual, expected) {
    case (.tensor(let actual), .tensor(let expected)): return try difference(actual, expected, tolerance)
    case (.sequence(let actual), .sequence(let expected)):
        guard actual.count == expected.count else { return "\(actual.count) elements, not \(expected.count)" }
        return try zip(actual, expected).lazy.compactMap { try difference($0, $1, tolerance) }.first
    case (.optional(nil), .optional(nil)): return nil
    case (.optional(let actual?), .optional(let expected?)): return try difference(actual, expected, tolerance)
    default: return "\(actual.type), not \(expected.type)"
    }
}

private func difference(
    _ actual: Tensor, _ expected: Tensor, _ tolerance: (relative: Double, absolute: Double)
) throws -> String? {
    guard actual.dtype == expected.dtype, actual.shape == expected.shape else {
        return "\(actual.dtype)\(actual.shape), not \(expected.dtype)\(expected.shape)"
    }
    guard actual != expected else { return nil }
    guard actual.dtype.isFloatingPoint else { return "other elements" }
    let (a, b) = (try reals(actual), try reals(expected))
    for (index, (x, y)) in zip(a, b).enumerated() {
        let allowed = max(tolerance.absolute + tolerance.relative * abs(y), twoSteps(at: y, actual.dtype))
        let isClose = x == y || x.isNaN && y.isNaN || abs(x - y) <= allowed
        if !isClose { return "element \(index) is \(x), not \(y)" }
    }
    return nil
}

/// Two steps between neighbouring values of a 16-bit type, which may be more than the tolerance: the reference rounds
/// after every step of a softmax and a sum, and an engine that does not comes out up to so far from it.
private func twoSteps(at value: Double, _ dtype: DType) -> Double {
    guard value.isFinite, value != 0 else { return 0 }
    switch dtype {
    case .float16: return scalbn(1, Int(value.exponent) - 9)
    case .bfloat16: return scalbn(1, Int(value.exponent) - 6)
    default: return 0
    }
}

private func reals(_ tensor: Tensor) throws -> [Double] {
    if tensor.dtype == .float64 { return tensor.array(of: Double.self) }
    if tensor.dtype == .float32 { return tensor.array(of: Float.self).map { Double($0) } }
    let cast = Node("Cast", inputs: ["x"], outputs: ["y"], attributes: ["to": .int(Int64(DType.float64.rawValue))])
    let context = EvaluationContext(inputs: [.tensor(tensor)], outputCount: 1, pool: ThreadPool(threads: 1))
    let result = try OperatorRegistry.standard.make(cast, opsets: ["": 25]).evaluate(context)
    return result.first?.tensor?.array(of: Double.self) ?? []
}

/// What inference said of a value that its evaluation contradicts; nil where nothing is.
/// - Parameter names: lengths of the names seen so far.
func contradiction(_ inferred: InferredValue, _ value: Value, _ names: inout [String: Int]) -> String? {
    guard let tensor = value.tensor else {
        if case .tensor = inferred.type { return "inferred a tensor, got \(value.type)" }
        return nil
    }
    if let type = inferred.type {
        guard case .tensor(let dtype, let dimensions) = type else { return "inferred \(type), got a tensor" }
        if let dtype, dtype != tensor.dtype { return "inferred \(dtype), got \(tensor.dtype)" }
        if let dimensions {
            guard dimensions.count == tensor.shape.rank, agree(dimensions, tensor.shape.dimensions, &names) else {
                return "inferred \(type), got \(tensor.shape)"
            }
        }
    }
    if let constant = inferred.constant, constant != tensor { return "inferred another constant" }
    if let elements = inferred.elements {
        let integers = tensor.integers ?? (try? reals(tensor).map { Int($0) }) ?? []
        guard elements.count == integers.count, agree(elements, integers, &names) else {
            return "inferred elements \(elements), got \(integers)"
        }
    }
    return nil
}

private func agree(_ dimensions: [Dimension], _ lengths: [Int], _ names: inout [String: Int]) -> Bool {
    for (dimension, length) in zip(dimensions, lengths) {
        switch dimension {
        case .fixed(let value): if value != length { return false }
        case .symbolic(let name):
            if names[name, default: length] != length { return false }
            names[name] = length
        case .unknown: break
        }
    }
    return true
}
