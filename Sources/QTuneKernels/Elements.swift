internal import CQTuneKernels
package import QTuneTensor

/// Elements of plain types: comparisons, truth values, whole-number arithmetic, choices and conversions. Each function
/// says whether it serves the types asked for, and writes nothing where it does not.
package enum Elements {
    /// A function of two elements of one type.
    package enum Pair: Hashable, Sendable {
        /// Truth values from float32, int64, int32 and uint8; `equal` from bool too.
        case equal, less, lessOrEqual, greater, greaterOrEqual
        /// Whether either of two float32 is NaN.
        case unordered
        /// Of truth values.
        case and, or, xor
        /// Of int64 and int32, wrapping.
        case add, sub, mul, min, max

        fileprivate var function: qt_pair {
            switch self {
            case .equal: QT_PAIR_EQUAL
            case .less: QT_PAIR_LESS
            case .lessOrEqual: QT_PAIR_LESS_OR_EQUAL
            case .greater: QT_PAIR_GREATER
            case .greaterOrEqual: QT_PAIR_GREATER_OR_EQUAL
            case .unordered: QT_PAIR_UNORDERED
            case .and: QT_PAIR_AND
            case .or: QT_PAIR_OR
            case .xor: QT_PAIR_XOR
            case .add: QT_PAIR_ADD
            case .sub: QT_PAIR_SUB
            case .mul: QT_PAIR_MUL
            case .min: QT_PAIR_MIN
            case .max: QT_PAIR_MAX
            }
        }
    }

    /// Writes `function` of the elements of `a` and `b`, broadcast by NumPy's rules to the shape of `output`, whose
    /// type is that of the function's results.
    /// - Precondition: `output` shares bytes only with an operand of its own shape and element size.
    package static func combine(
        _ function: Pair, _ a: Tensor, _ b: Tensor, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) -> Bool {
        guard a.dtype == b.dtype, let type = a.dtype.element else { return false }
        let kernel = FloatKernels.elements(for: tier)
        let call = function.function
        guard
            kernel.pair(
                call, type, QT_BOTH_ARRAYS, a.unsafeElements(UInt8.self), b.unsafeElements(UInt8.self),
                output.unsafeElements(UInt8.self), 0)
        else {
            return false
        }
        precondition(a.shape.broadcast(with: b.shape) == output.shape, "\(a.shape) and \(b.shape) do not broadcast")
        guard output.count > 0 else { return true }
        let (width, result) = (a.dtype.bitWidth / 8, output.dtype.bitWidth / 8)
        let (first, second, target) = (
            a.unsafeElements(UInt8.self), b.unsafeElements(UInt8.self), output.unsafeElements(UInt8.self)
        )
        BroadcastLoop(a.shape, b.shape, output: output.shape).run(pool, grain: Elementwise.grain) { run in
            _ = kernel.pair(
                call, type, run.operands, first + run.a * width, second + run.b * width, target + run.output * result,
                run.count)
        }
        extendLifetime((a, b, output))
        return true
    }

    /// Writes the elements of `a` where `chosen` is true, those of `b` elsewhere. All are of the shape of `output`.
    /// - Precondition: elements of 8, 16, 32 or 64 bits.
    package static func select(
        _ chosen: Tensor, _ a: Tensor, _ b: Tensor, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        let bits = output.dtype.bitWidth
        precondition(a.dtype.bitWidth == bits && b.dtype.bitWidth == bits && chosen.dtype == .bool, "unlike tensors")
        precondition([chosen, a, b].allSatisfy { $0.count == output.count }, "tensors of different sizes")
        precondition([8, 16, 32, 64].contains(bits), "elements of \(bits) bits")
        let width = bits / 8
        let kernel = FloatKernels.elements(for: tier)
        let flags = chosen.unsafeElements(UInt8.self)
        let (first, second, target) = (
            a.unsafeElements(UInt8.self), b.unsafeElements(UInt8.self), output.unsafeElements(UInt8.self)
        )
        pool.run(over: output.count, grain: Elementwise.grain) { range in
            let start = range.lowerBound * width
            _ = kernel.select(
                width, flags + range.lowerBound, first + start, second + start, target + start, range.count)
        }
        extendLifetime((chosen, a, b, output))
    }

    /// Writes the elements of `x` as those of `output`, which has as many. Reals lose their fraction on the way to
    /// integers by way of 64 bits: what does not fit these is clamped, and NaN becomes 0. Integers wrap; any value but
    /// 0 is true.
    /// - Parameter pool: nil for the caller's thread alone.
    package static func convert(
        _ x: Tensor, into output: Tensor, pool: ThreadPool? = nil, tier: CPUTier? = nil
    ) -> Bool {
        guard let from = x.dtype.element, let to = output.dtype.element else { return false }
        precondition(x.count == output.count, "tensors of different sizes")
        let kernel = FloatKernels.elements(for: tier)
        let (source, target) = (x.unsafeElements(UInt8.self), output.unsafeElements(UInt8.self))
        guard kernel.convert(from, to, source, target, 0) else { return false }
        let (width, result) = (x.dtype.bitWidth / 8, output.dtype.bitWidth / 8)
        let part = { (range: Range<Int>) in
            _ = kernel.convert(
                from, to, source + range.lowerBound * width, target + range.lowerBound * result, range.count)
        }
        if let pool { pool.run(over: x.count, grain: Elementwise.grain, part) } else { part(0..<x.count) }
        extendLifetime((x, output))
        return true
    }
}

extension DType {
    /// The type as the kernels of plain elements name it; nil for those that they do not know.
    fileprivate var element: qt_element? {
        switch self {
        case .float32: QT_ELEMENT_F32
        case .float64: QT_ELEMENT_F64
        case .float16: QT_ELEMENT_F16
        case .int64: QT_ELEMENT_I64
        case .int32: QT_ELEMENT_I32
        case .int16: QT_ELEMENT_I16
        case .int8: QT_ELEMENT_I8
        case .uint32: QT_ELEMENT_U32
        case .uint16: QT_ELEMENT_U16
        case .uint8: QT_ELEMENT_U8
        case .bool: QT_ELEMENT_BOOL
        default: nil
        }
    }
}
