import QTuneTensor

/// The type that arithmetic on a tensor runs in.
///
/// Every real type computes in float64 and rounds once at the end, which for `+ - * /` and square roots gives the same
/// bits as computing in the type itself. Every integer type computes in 64 bits and wraps at the end. So each operator
/// needs at most three loops; the types that networks spend their time in have kernels of their own.
enum Lane {
    case real
    case signed
    case unsigned

    /// The lane of a type; nil for strings and complex numbers.
    init?(_ dtype: DType) {
        switch dtype {
        case .uint64: self = .unsigned
        case .bool: self = .signed
        case .string, .complex64, .complex128: return nil
        default: self = dtype.isFloatingPoint ? .real : .signed
        }
    }

    /// The lane that holds the values of both types.
    init?(_ a: DType, _ b: DType) {
        guard let a = Lane(a), let b = Lane(b) else { return nil }
        self = a == b ? a : .real
    }

    var dtype: DType {
        switch self {
        case .real: .float64
        case .signed: .int64
        case .unsigned: .uint64
        }
    }

    /// The lane of the elements of `tensor`, or an error that names its type.
    static func of(_ tensor: Tensor) throws -> Lane {
        guard let lane = Lane(tensor.dtype) else {
            throw QTuneError(.unsupported, "elements of type \(tensor.dtype) are not supported here")
        }
        return lane
    }
}

extension Tensor {
    /// The elements in the type of `lane`; the tensor itself where it has that type already.
    func widened(to lane: Lane) -> Tensor {
        guard dtype != lane.dtype else { return self }
        let result = Tensor(uninitialized: lane.dtype, shape: shape)
        ElementConversion.widen(self, into: result, lane: lane)
        return result
    }

    /// Writes the result of `compute`, which fills a tensor of the lane's type, into this tensor, rounded or wrapped.
    func fill(from lane: Lane, _ compute: (Tensor) throws -> Void) rethrows {
        guard dtype != lane.dtype else { return try compute(self) }
        let wide = Tensor(uninitialized: lane.dtype, shape: shape)
        try compute(wide)
        ElementConversion.narrow(wide, lane: lane, into: self, saturating: true)
    }
}
