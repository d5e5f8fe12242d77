import QTuneGraph
import QTuneOperators
import QTuneTensor
import QTuneVerification

/// What inference said of a value that its evaluation contradicts; nil where nothing is.
/// - Parameter names: lengths of the names seen so far.
func contradiction(_ inferred: InferredValue, _ value: Value, _ names: inout [String: Int]) -> String? {
    if let type = inferred.type, !agree(type, value, &names) { return "inferred \(type), got \(value.type)" }
    guard let tensor = value.tensor else { return nil }
    if let constant = inferred.constant, constant != tensor { return "inferred another constant" }
    if let elements = inferred.elements {
        let integers: [Int?] = tensor.integers ?? (try? reals(tensor)?.map { Int(exactly: $0) }) ?? []
        guard elements.count == integers.count, agree(elements, integers, &names) else {
            return "inferred elements \(elements), got \(integers.map { $0?.description ?? "a fraction" })"
        }
    }
    return nil
}

private func agree(_ type: ValueType, _ value: Value, _ names: inout [String: Int]) -> Bool {
    switch (type, value) {
    case (.tensor(let dtype, let dimensions), .tensor(let tensor)):
        guard dtype == nil || dtype == tensor.dtype else { return false }
        guard let dimensions else { return true }
        return dimensions.count == tensor.shape.rank && agree(dimensions, tensor.shape.dimensions, &names)
    case (.sequence(let type), .sequence(let elements)):
        guard let type else { return true }
        // A name stands for another length in each element.
        return elements.allSatisfy { element in
            var own: [String: Int] = [:]
            return agree(type, element, &own)
        }
    case (.optional(let type), .optional(let element)):
        guard let type, let element else { return true }
        return agree(type, element, &names)
    case (.map(let key, let type), .map(let keys, let values)):
        return key == keys.dtype && (type?.dtype == nil || type?.dtype == values.dtype)
    default: return false
    }
}

/// Whether lengths are as they were inferred; nil stands for a number that is no length.
private func agree(_ dimensions: [Dimension], _ lengths: [Int?], _ names: inout [String: Int]) -> Bool {
    for (dimension, length) in zip(dimensions, lengths) {
        switch dimension {
        case .fixed(let value): if value != length { return false }
        case .symbolic(let name):
            guard let length, names[name, default: length] == length else { return false }
            names[name] = length
        case .unknown: break
        }
    }
    return true
}
