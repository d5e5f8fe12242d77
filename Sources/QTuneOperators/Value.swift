public import QTuneGraph
public import QTuneTensor

/// What flows along an edge of a graph while it runs.
public enum Value: Sendable, Equatable {
    case tensor(Tensor)
    case sequence([Value])
    indirect case optional(Value?)
    /// Keys (integers or strings) in ascending order and as many values, each a tensor of one axis.
    indirect case map(keys: Tensor, values: Tensor)

    /// The tensor; nil for other kinds.
    public var tensor: Tensor? { if case .tensor(let tensor) = self { tensor } else { nil } }

    /// The type, with every length known.
    public var type: ValueType {
        switch self {
        case .tensor(let tensor): .tensor(tensor.dtype, tensor.shape)
        case .sequence(let elements): .sequence(elements.first?.type)
        case .optional(let element): .optional(element?.type)
        case .map(let keys, let values): .map(key: keys.dtype, value: .tensor(values.dtype, []))
        }
    }
}
