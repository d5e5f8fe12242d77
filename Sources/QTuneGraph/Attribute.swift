public import QTuneTensor

/// The value of a node's attribute.
public enum Attribute: Sendable, Equatable {
    case float(Float)
    case int(Int64)
    /// Bytes, most often UTF-8.
    case string([UInt8])
    case tensor(Tensor)
    case graph(Graph)
    case sparseTensor(SparseTensor)
    case type(ValueType)
    case floats([Float])
    case ints([Int64])
    case strings([[UInt8]])
    case tensors([Tensor])
    case graphs([Graph])
    case sparseTensors([SparseTensor])
    case types([ValueType])
    /// In the body of a function: the value of that attribute of the node that calls it. `kind` is the standard's
    /// number of the attribute's type.
    case reference(name: String, kind: Int32)

    public static func string(_ text: String) -> Attribute { .string(Array(text.utf8)) }
}

/// A tensor stored as its non-zero elements.
public struct SparseTensor: Sendable, Equatable {
    public var values: Tensor
    /// int64, either [count] linear or [count, rank].
    public var indices: Tensor
    public var dimensions: [Int]

    public init(values: Tensor, indices: Tensor, dimensions: [Int]) {
        self.values = values
        self.indices = indices
        self.dimensions = dimensions
    }
}
