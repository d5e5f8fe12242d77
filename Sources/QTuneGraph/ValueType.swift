public import QTuneTensor

/// The length of one axis, as far as it is known before the network runs.
public enum Dimension: Hashable, Sendable, CustomStringConvertible {
    /// A known length.
    case fixed(Int)
    /// A length with a name: the same name means the same length throughout a model.
    case symbolic(String)
    /// Nothing is known.
    case unknown

    public var value: Int? { if case .fixed(let value) = self { value } else { nil } }

    public var description: String {
        switch self {
        case .fixed(let value): String(value)
        case .symbolic(let name): name
        case .unknown: "?"
        }
    }
}

/// The type of a value: what is known of its elements and shape. nil stands for "not known".
public indirect enum ValueType: Hashable, Sendable, CustomStringConvertible {
    case tensor(DType?, [Dimension]?)
    case sparseTensor(DType?, [Dimension]?)
    case sequence(ValueType?)
    case optional(ValueType?)
    case map(key: DType, value: ValueType?)

    /// A tensor of fixed lengths.
    public static func tensor(_ dtype: DType, _ shape: Shape) -> ValueType {
        .tensor(dtype, shape.dimensions.map(Dimension.fixed))
    }

    /// The element type of a tensor.
    public var dtype: DType? { if case .tensor(let dtype, _) = self { dtype } else { nil } }
    /// The axes of a tensor.
    public var dimensions: [Dimension]? { if case .tensor(_, let dimensions) = self { dimensions } else { nil } }
    /// The shape of a tensor, when every axis is fixed.
    public var shape: Shape? {
        guard let dimensions else { return nil }
        let values = dimensions.compactMap(\.value)
        return values.count == dimensions.count ? Shape(checking: values) : nil
    }

    public var description: String {
        func text(_ dtype: DType?, _ dimensions: [Dimension]?) -> String {
            let shape = dimensions.map { "[" + $0.map(\.description).joined(separator: ", ") + "]" } ?? "[...]"
            return (dtype?.name ?? "?") + shape
        }
        switch self {
        case .tensor(let dtype, let dimensions): return text(dtype, dimensions)
        case .sparseTensor(let dtype, let dimensions): return "sparse " + text(dtype, dimensions)
        case .sequence(let element): return "sequence(\(element?.description ?? "?"))"
        case .optional(let element): return "optional(\(element?.description ?? "?"))"
        case .map(let key, let value): return "map(\(key), \(value?.description ?? "?"))"
        }
    }
}
