import QTuneGraph
import QTuneOperators
import QTuneTensor
import QTuneVerification

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
        let integers = tensor.integers ?? (try? reals(tensor)?.map { Int($0) }) ?? []
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
