import QTuneTensor

extension Tensor {
    /// The elements of a float tensor in double precision; for small tensors of parameters.
    func doubles() throws -> [Double] {
        switch dtype {
        case .float64: return array(of: Double.self)
        case .float32, .float16, .bfloat16: return widened().array(of: Float.self).map { Double($0) }
        default: throw QTuneError(.invalidInput, "an operand is \(dtype), not a float type")
        }
    }

    /// The elements of a float tensor in single precision.
    func floats() throws -> [Float] {
        switch dtype {
        case .float32, .float16, .bfloat16: return widened().array(of: Float.self)
        default: return try doubles().map { Float($0) }
        }
    }

    /// A tensor of a float type with those values, rounded.
    static func floats(_ values: [Double], dtype: DType, shape: Shape) throws -> Tensor {
        switch dtype {
        case .float64: return Tensor(values, shape: shape)
        case .float32: return Tensor(values.map { Float($0) }, shape: shape)
        case .float16: return Tensor(values.map { Float16($0) }, shape: shape)
        case .bfloat16: return Tensor(values.map { BFloat16(Float($0)) }, shape: shape)
        default: throw QTuneError(.unsupported, "\(dtype) where a float type is wanted")
        }
    }
}
