import QTuneTensor

/// Rounds `real` half to even and adds `zeroPoint`, saturating at the ends of `range`. NaN gives the lower end.
@inline(__always)
func quantized(_ real: Float, zeroPoint: Int32, range: ClosedRange<Int32>) -> Int32 {
    // Both ends are whole numbers below 2^24, so clamping before the addition saturates exactly.
    let rounded = real.rounded(.toNearestOrEven)
    let lower = Float(range.lowerBound - zeroPoint)
    let upper = Float(range.upperBound - zeroPoint)
    guard !rounded.isNaN else { return range.lowerBound }
    return Int32(max(lower, min(upper, rounded))) + zeroPoint
}

extension DType {
    /// The ends of an integer type of at most 16 bits, which activations and weights are quantized to.
    func quantizedRange() throws -> ClosedRange<Int32> {
        guard bitWidth <= 16, let range = integerRange else {
            throw QTuneError(.unsupported, "quantizing to \(self); integers of 2 to 16 bits are done")
        }
        return Int32(range.lowerBound)...Int32(range.upperBound)
    }
}

extension Tensor {
    /// The elements of an integer tensor of at most 32 bits.
    func smallIntegers() throws -> [Int32] {
        switch dtype {
        case .uint8: return array(of: UInt8.self).map { Int32($0) }
        case .int8: return array(of: Int8.self).map { Int32($0) }
        case .uint16: return array(of: UInt16.self).map { Int32($0) }
        case .int16: return array(of: Int16.self).map { Int32($0) }
        case .int32: return array(of: Int32.self)
        default:
            guard let integers, dtype.bitWidth <= 4 else {
                throw QTuneError(.invalidInput, "an operand is \(dtype), not an integer of at most 32 bits")
            }
            return integers.map { Int32(truncatingIfNeeded: $0) }
        }
    }

    /// Writes an integer for each element of a type of at most 16 bits. Only for the tensor's maker.
    func writeSmallIntegers(_ values: [Int32]) throws {
        switch dtype {
        case .uint8:
            withMutableSpan(of: UInt8.self) { for i in values.indices { $0[i] = UInt8(truncatingIfNeeded: values[i]) } }
        case .int8:
            withMutableSpan(of: Int8.self) { for i in values.indices { $0[i] = Int8(truncatingIfNeeded: values[i]) } }
        case .uint16:
            withMutableSpan(of: UInt16.self) {
                for i in values.indices { $0[i] = UInt16(truncatingIfNeeded: values[i]) }
            }
        case .int16:
            withMutableSpan(of: Int16.self) { for i in values.indices { $0[i] = Int16(truncatingIfNeeded: values[i]) } }
        case .uint4, .int4, .uint2, .int2: packCodes { Int(values[$0]) }
        default: throw QTuneError(.unsupported, "quantizing to \(dtype); integers of 2 to 16 bits are done")
        }
    }
}

extension EvaluationContext {
    /// Operand `index` as one number of a float type.
    func scale(_ index: Int) throws -> Float {
        let values = try tensor(index).floats()
        guard values.count == 1 else {
            throw QTuneError(.invalidInput, "operand \(index) holds \(values.count) scales, not 1")
        }
        return values[0]
    }

    /// Operand `index` as one small integer; 0 where it is left out.
    func zeroPoint(_ index: Int) throws -> Int32 {
        guard let tensor = try optionalTensor(index) else { return 0 }
        let values = try tensor.smallIntegers()
        guard values.count == 1 else {
            throw QTuneError(.invalidInput, "operand \(index) holds \(values.count) zero points, not 1")
        }
        return values[0]
    }
}
