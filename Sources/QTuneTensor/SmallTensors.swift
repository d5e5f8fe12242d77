/// Scales, zero points and ranges, which a network reads and makes at every step: without arrays, and without generic
/// calls from other modules.
extension Tensor {
    /// The only element of a float32 tensor; nil for other tensors.
    package var singleFloat: Float? {
        guard dtype == .float32, count == 1 else { return nil }
        return rawBytes.loadUnaligned(as: Float.self)
    }

    /// The only element of an integer or bool tensor; nil for other tensors, and where a uint64 does not fit.
    package var singleInteger: Int? {
        guard count == 1 else { return nil }
        return switch dtype {
        case .uint8: Int(rawBytes.loadUnaligned(as: UInt8.self))
        case .int8: Int(rawBytes.loadUnaligned(as: Int8.self))
        default: integers?.first
        }
    }

    /// The two elements of a float32 tensor; nil for other tensors.
    package var twoFloats: (Float, Float)? {
        guard dtype == .float32, count == 2 else { return nil }
        return (rawBytes.loadUnaligned(as: Float.self), rawBytes.loadUnaligned(fromByteOffset: 4, as: Float.self))
    }

    /// Sets element `index`. Only the maker of a tensor calls this, before anyone else reads it.
    package func store(_ value: Float, at index: Int = 0) {
        precondition(dtype == .float32 && index >= 0 && index < count, "no float32 at \(index) of \(dtype)\(shape)")
        address.storeBytes(of: value, toByteOffset: index * MemoryLayout<Float>.stride, as: Float.self)
    }

    /// Sets element `index`. Only the maker of a tensor calls this, before anyone else reads it.
    package func store(_ value: UInt8, at index: Int = 0) {
        precondition(dtype == .uint8 && index >= 0 && index < count, "no uint8 at \(index) of \(dtype)\(shape)")
        address.storeBytes(of: value, toByteOffset: index, as: UInt8.self)
    }
}
