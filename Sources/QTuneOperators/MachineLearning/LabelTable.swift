import QTuneTensor

/// A key of a table of labels. Every NaN is the same key, and so are 0 and -0.
enum LabelKey: Hashable, Sendable {
    case string(String)
    case integer(Int)
    case real(Double)
    case notANumber

    init(_ x: Double) { self = x.isNaN ? .notANumber : .real(x) }

    /// The keys that the elements of a tensor are.
    static func keys(of tensor: Tensor) throws -> [LabelKey] {
        switch tensor.dtype {
        case .string: return tensor.strings.map(LabelKey.string)
        case .float32: return tensor.array(of: Float.self).map { LabelKey(Double($0)) }
        case .float64: return tensor.array(of: Double.self).map { LabelKey($0) }
        default:
            guard let integers = tensor.integers else {
                throw QTuneError(.invalidInput, "labels of type \(tensor.dtype)")
            }
            return integers.map(LabelKey.integer)
        }
    }
}

/// What each of a list of keys stands for.
struct LabelTable: Sendable {
    let keyType: DType
    /// One axis.
    let values: Tensor
    private let places: [LabelKey: Int]

    /// - Parameters: tensors of one axis and of one length. Of equal keys the last counts.
    init(keys: Tensor, values: Tensor) throws {
        guard keys.count == values.count else {
            throw QTuneError(.invalidModel, "\(keys.count) keys for \(values.count) values")
        }
        keyType = keys.dtype
        self.values = values
        places = Dictionary(zip(try LabelKey.keys(of: keys), 0..<keys.count)) { $1 }
    }

    /// What each element stands for; `defaultValue`, one element of the values' type, for what is no key.
    func map(_ input: Tensor, defaultValue: Tensor) throws -> Tensor {
        guard input.dtype == keyType else {
            throw QTuneError(.invalidInput, "labels of type \(input.dtype) where keys are \(keyType)")
        }
        let chosen = try LabelKey.keys(of: input).map { places[$0] ?? values.count }
        switch values.dtype {
        case .string:
            let list = values.strings + defaultValue.strings
            return Tensor(strings: chosen.map { list[$0] }, shape: input.shape)
        case .int64: return select(Int64.self, chosen, defaultValue, input.shape)
        case .int32: return select(Int32.self, chosen, defaultValue, input.shape)
        case .int16: return select(Int16.self, chosen, defaultValue, input.shape)
        case .float32: return select(Float.self, chosen, defaultValue, input.shape)
        case .float64: return select(Double.self, chosen, defaultValue, input.shape)
        default: throw QTuneError(.invalidModel, "labels of type \(values.dtype)")
        }
    }

    private func select<Element: TensorElement>(
        _: Element.Type, _ chosen: [Int], _ defaultValue: Tensor, _ shape: Shape
    ) -> Tensor {
        let list = values.array(of: Element.self) + defaultValue.array(of: Element.self)
        return Tensor(chosen.map { list[$0] }, shape: shape)
    }
}
