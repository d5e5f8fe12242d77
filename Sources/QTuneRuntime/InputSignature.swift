package import QTuneGraph
internal import QTuneOperators
package import QTuneTensor

/// What a graph demands of the values a caller gives.
package struct InputSignature: Sendable {
    /// Inputs that must be given.
    let required: [ValueInfo]
    /// Inputs with a default value, which may be given.
    private let optional: [ValueInfo]

    package init(_ graph: Graph) {
        required = graph.requiredInputs
        optional = graph.inputs.filter { graph.initializers[$0.name] != nil }
    }

    /// The same check of tensors alone.
    package func check(tensors: [String: Tensor]) throws { try check(tensors.mapValues { Value.tensor($0) }) }

    /// Throws an error that names the input and what was expected where `feeds` do not fit.
    func check(_ feeds: [String: Value]) throws {
        let known = required + optional
        for name in feeds.keys.sorted() where !known.contains(where: { $0.name == name }) {
            throw QTuneError(
                .invalidInput, "the model has no input called '\(name)'",
                remedy: "its inputs are: \(known.map(\.name).joined(separator: ", "))")
        }
        var lengths: [String: (length: Int, input: String)] = [:]
        for info in known {
            guard let value = feeds[info.name] else {
                guard required.contains(where: { $0.name == info.name }) else { continue }
                throw QTuneError(
                    .invalidInput, "input '\(info.name)' is missing",
                    remedy: "give \(info.type.map(\.description) ?? "a tensor")")
            }
            try locating("input '\(info.name)'") { try check(value, info, &lengths) }
        }
    }

    /// Symbolic lengths bind to the first length seen and must be the same wherever the name appears.
    private func check(
        _ value: Value, _ info: ValueInfo, _ lengths: inout [String: (length: Int, input: String)]
    ) throws {
        guard let type = info.type else { return }
        guard case .tensor(let dtype, let dimensions) = type else {
            return try checkKind(value, type)
        }
        guard let tensor = value.tensor else { throw mismatch(type, value) }
        guard dtype == nil || dtype == tensor.dtype else { throw mismatch(type, value) }
        guard let dimensions else { return }
        guard dimensions.count == tensor.shape.rank else { throw mismatch(type, value) }
        for (dimension, length) in zip(dimensions, tensor.shape.dimensions) {
            switch dimension {
            case .fixed(let expected):
                guard expected == length else { throw mismatch(type, value) }
            case .symbolic(let name):
                let bound = lengths[name] ?? (length, info.name)
                guard bound.length == length else {
                    throw QTuneError(
                        .invalidInput,
                        "dimension '\(name)' is \(length) here but \(bound.length) in input '\(bound.input)'")
                }
                lengths[name] = bound
            case .unknown: break
            }
        }
    }

    private func checkKind(_ value: Value, _ type: ValueType) throws {
        switch (type, value) {
        case (.sequence, .sequence), (.optional, _): return
        case (.map(let key, _), .map(let keys, _)) where key == keys.dtype: return
        default: throw mismatch(type, value)
        }
    }

    private func mismatch(_ expected: ValueType, _ value: Value) -> QTuneError {
        QTuneError(.invalidInput, "expected \(expected), got \(value.type)")
    }
}
