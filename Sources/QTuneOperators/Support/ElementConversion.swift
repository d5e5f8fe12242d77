import QTuneKernels
import QTuneTensor

/// Conversion between numeric element types by way of the lanes.
enum ElementConversion {
    /// Writes the elements of `source` to `target`, whose type is that of `lane`. Reals lose their fraction on the way
    /// to an integer lane; what does not fit is clamped, and NaN becomes 0.
    static func widen(_ source: Tensor, into target: Tensor, lane: Lane) {
        if Elements.convert(source, into: target) { return }
        switch lane {
        case .real: widenToReal(source, target)
        case .signed: widenToSigned(source, target)
        case .unsigned: widenToUnsigned(source, target)
        }
    }

    /// Writes the elements of `source`, whose type is that of `lane`, to `target`. Reals are rounded to nearest even,
    /// or truncated where the target is an integer type; integers wrap; any value but 0 is true.
    /// - Parameter saturating: whether float8 types give their largest value for what is above it.
    static func narrow(_ source: Tensor, lane: Lane, into target: Tensor, saturating: Bool) {
        if Elements.convert(source, into: target) { return }
        switch lane {
        case .real: narrowReal(source, target, saturating)
        case .signed: narrowSigned(source, target, saturating)
        case .unsigned:
            switch target.dtype {
            case .uint64: map(source, target) { (x: UInt64) in x }
            case .bool: map(source, target) { (x: UInt64) in x != 0 }
            case .float32: map(source, target) { (x: UInt64) in Float(x) }
            case let type where type.isFloatingPoint:
                let reals = Tensor(uninitialized: .float64, shape: source.shape)
                map(source, reals) { (x: UInt64) in Double(x) }
                narrowReal(reals, target, saturating)
            default:
                let signed = Tensor(uninitialized: .int64, shape: source.shape)
                map(source, signed) { (x: UInt64) in Int64(truncatingIfNeeded: x) }
                narrowSigned(signed, target, saturating)
            }
        }
    }

    /// Writes `transform` of each element of `source` to `target`.
    @inline(__always)
    static func map<From: TensorElement, To: TensorElement>(
        _ source: Tensor, _ target: Tensor, _ transform: (From) -> To
    ) {
        source.withSpan(of: From.self) { from in
            target.withMutableSpan(of: To.self) { to in
                for index in 0..<from.count { to[index] = transform(from[index]) }
            }
        }
    }
}

extension ElementConversion {
    private static func widenToReal(_ source: Tensor, _ target: Tensor) {
        switch source.dtype {
        case .float64: map(source, target) { (x: Double) in x }
        case .float32: map(source, target) { (x: Float) in Double(x) }
        case .float16: map(source, target) { (x: Float16) in Double(x) }
        case .bfloat16: map(source, target) { (x: BFloat16) in Double(x.float) }
        case .int64: map(source, target) { (x: Int64) in Double(x) }
        case .int32: map(source, target) { (x: Int32) in Double(x) }
        case .uint64: map(source, target) { (x: UInt64) in Double(x) }
        case let type:
            if let format = Minifloat(type) {
                let table = format.values
                let codes = source.codes
                target.withMutableSpan(of: Double.self) { to in
                    for index in 0..<to.count { to[index] = table[codes[index]] }
                }
            } else {
                let integers = Tensor(uninitialized: .int64, shape: source.shape)
                widenToSigned(source, integers)
                map(integers, target) { (x: Int64) in Double(x) }
            }
        }
    }

    private static func widenToSigned(_ source: Tensor, _ target: Tensor) {
        switch source.dtype {
        case .int64: map(source, target) { (x: Int64) in x }
        case .int32: map(source, target) { (x: Int32) in Int64(x) }
        case .int16: map(source, target) { (x: Int16) in Int64(x) }
        case .int8: map(source, target) { (x: Int8) in Int64(x) }
        case .uint32: map(source, target) { (x: UInt32) in Int64(x) }
        case .uint16: map(source, target) { (x: UInt16) in Int64(x) }
        case .uint8: map(source, target) { (x: UInt8) in Int64(x) }
        case .uint64: map(source, target) { (x: UInt64) in Int64(truncatingIfNeeded: x) }
        case .bool: map(source, target) { (x: Bool) in x ? 1 : Int64(0) }
        case let type where type.isFloatingPoint:
            let reals = source.widened(to: .real)
            map(reals, target) { (x: Double) in truncated(x) }
        default:
            let integers = source.integers ?? []
            target.withMutableSpan(of: Int64.self) { to in
                for index in integers.indices { to[index] = Int64(integers[index]) }
            }
        }
    }

    private static func widenToUnsigned(_ source: Tensor, _ target: Tensor) {
        if source.dtype == .uint64 {
            map(source, target) { (x: UInt64) in x }
        } else if source.dtype.isFloatingPoint {
            let reals = source.widened(to: .real)
            map(reals, target) { (x: Double) in
                x > 0x1p63 && x < 0x1p64 ? UInt64(x) : UInt64(bitPattern: truncated(x))
            }
        } else {
            let integers = source.widened(to: .signed)
            map(integers, target) { (x: Int64) in UInt64(bitPattern: x) }
        }
    }

    /// The integer part of `x`, clamped to 64 bits; 0 for NaN.
    private static func truncated(_ x: Double) -> Int64 {
        guard x > -0x1p63 else { return x.isNaN ? 0 : .min }
        return x < 0x1p63 ? Int64(x) : .max
    }

    private static func narrowReal(_ source: Tensor, _ target: Tensor, _ saturating: Bool) {
        switch target.dtype {
        case .float64: map(source, target) { (x: Double) in x }
        case .float32: map(source, target) { (x: Double) in Float(x) }
        case .float16: map(source, target) { (x: Double) in Float16(x) }
        case .bfloat16: map(source, target) { (x: Double) in BFloat16(nearest: x) }
        case .bool: map(source, target) { (x: Double) in x != 0 }
        case .uint64: widenToUnsigned(source, target)
        case let type:
            if let format = Minifloat(type) {
                source.withSpan(of: Double.self) { reals in
                    target.packCodes { format.code(of: reals[$0], saturating: saturating) }
                }
            } else {
                let integers = Tensor(uninitialized: .int64, shape: source.shape)
                widenToSigned(source, integers)
                narrowSigned(integers, target, saturating)
            }
        }
    }

    private static func narrowSigned(_ source: Tensor, _ target: Tensor, _ saturating: Bool) {
        switch target.dtype {
        case .int64: map(source, target) { (x: Int64) in x }
        case .int32: map(source, target) { (x: Int64) in Int32(truncatingIfNeeded: x) }
        case .int16: map(source, target) { (x: Int64) in Int16(truncatingIfNeeded: x) }
        case .int8: map(source, target) { (x: Int64) in Int8(truncatingIfNeeded: x) }
        case .uint64: map(source, target) { (x: Int64) in UInt64(truncatingIfNeeded: x) }
        case .uint32: map(source, target) { (x: Int64) in UInt32(truncatingIfNeeded: x) }
        case .uint16: map(source, target) { (x: Int64) in UInt16(truncatingIfNeeded: x) }
        case .uint8: map(source, target) { (x: Int64) in UInt8(truncatingIfNeeded: x) }
        case .bool: map(source, target) { (x: Int64) in x != 0 }
        case .float32: map(source, target) { (x: Int64) in Float(x) }
        case let type where type.isFloatingPoint:
            let reals = source.widened(to: .real)
            narrowReal(reals, target, saturating)
        case let type:
            let mask = (Int64(1) << Int64(type.bitWidth)) - 1
            source.withSpan(of: Int64.self) { integers in
                target.packCodes { Int(integers[$0] & mask) }
            }
        }
    }
}

extension BFloat16 {
    /// The nearest value of a float64, ties to even, rounded once.
    init(nearest value: Double) {
        let single = Float(value)
        let error = Double(single) - value
        // Rounding to odd in between keeps the second rounding from seeing a tie that is none.
        if error != 0, !single.isNaN, single.isFinite, single.bitPattern & 1 == 0 {
            let outward = (error < 0) == (value > 0)
            self.init(Float(bitPattern: outward ? single.bitPattern &+ 1 : single.bitPattern &- 1))
        } else {
            self.init(single)
        }
    }
}
